"""What payees are told: that where their earnings go has changed, or has yet to be said."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel.ids import new_code
from banyan.notify import kinds
from banyan.notify.actions import notify_each, send
from banyan.notify.kinds import Happening
from banyan.people.models import Account

WANTED = "earnings.destination_wanted"


def write_of_change(owner: Account, kind: str) -> None:
    """Write a letter to the member's contact; whoever has taken an account over changes this first.

    In the transaction of the change. It never holds the account itself.
    """
    channel, where = ("email", owner.email) if owner.email else ("sms", owner.phone)
    if where:
        send(
            channel=channel,
            destination=where,
            kind=kind,
            context={"handle": owner.handle, "path": reverse("payout_destination")},
            language=owner.language,
            key=f"{kind}:{owner.pk}:{new_code(80)}",
        )


def ask_where(payee_ids: Collection[int]) -> None:
    """Tell payees that their earnings wait until they say where; one row until it is read."""
    if payee_ids:
        notify_each(
            recipient_ids=payee_ids,
            kind=WANTED,
            group_key=WANTED,
            url=reverse("payout_destination"),
        )


def _wanted(happening: Happening) -> str:
    return _("Your earnings can be paid out. Say where they shall go.")


kinds.register(WANTED, _wanted, icon="coin", family="orders")
