"""Where a member's earnings go when they are paid by hand: said, changed, taken away by them."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from banyan.kernel import audit, clock, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.keyrings import BadSeal, Ring, seal, unseal
from banyan.kernel.problems import Invalid
from banyan.people.access import get_own_account
from banyan.people.models import Account

from ..models import Destination
from ..rules import LONGEST_DESTINATION, one_line
from ..telling import write_of_change

CHANGES_A_DAY = 10


def told(sealed: bytes | memoryview) -> dict[str, str] | None:
    """Return {"name", "account"} of what is kept; None where its secret is gone.

    For payouts, and for the member's own pages and export.
    """
    try:
        found: dict[str, str] = json.loads(unseal(Ring.PAYOUTS, sealed))
    except BadSeal:
        return None
    return found


def places_of(account_ids: Collection[int]) -> dict[int, dict[str, str]]:
    """Return name and account of those members who have said where, by member. One statement."""
    rows = Destination.objects.filter(account_id__in=account_ids)
    found = {row.account_id: told(row.sealed) for row in rows}
    return {account_id: place for account_id, place in found.items() if place}


def set_destination(*, actor: Actor, name: str, account: str) -> Destination:
    """Say where one's own earnings go: the name on the account, and the account. Sealed, audited.

    Each is one line of 1 to 200 letters (Invalid ``name``, ``account``). A change is told to the
    member's contact by a letter; the same words again change nothing. Raises TooMany after ten a
    day. Payouts that are under way go where they were sent to.
    """
    owner = get_own_account(actor)
    given = {"name": one_line(name), "account": one_line(account)}
    wrong = {
        field: _("Enter one line of 1 to %(n)d letters.") % {"n": LONGEST_DESTINATION}
        for field, text in given.items()
        if not text
    }
    if wrong:
        raise Invalid(fields=wrong)
    ratelimits.hit(f"earnings.destination:{owner.pk}", CHANGES_A_DAY, 86_400)
    with transaction.atomic():
        _one_at_a_time(owner)
        before = Destination.objects.filter(account=owner).first()
        if before is not None and told(before.sealed) == given:
            return before
        values: dict[str, Any] = {
            "sealed": seal(Ring.PAYOUTS, json.dumps(given).encode()),
            "changed_at": clock.now(),
        }
        row, _made = Destination.objects.update_or_create(account=owner, defaults=values)
        _note(actor, owner, "payout_destination.change")
        write_of_change(owner, "earnings.destination")
    return row


def remove_destination(*, actor: Actor) -> None:
    """Take away where one's own earnings go; told by a letter, too. Repeatable, audited."""
    owner = get_own_account(actor)
    with transaction.atomic():
        _one_at_a_time(owner)
        gone, _rows = Destination.objects.filter(account=owner).delete()
        if gone:
            _note(actor, owner, "payout_destination.remove")
            write_of_change(owner, "earnings.destination_gone")


def _one_at_a_time(owner: Account) -> None:
    """Let two changes of one member come one after the other, each with its letter."""
    Account.objects.select_for_update(no_key=True).get(pk=owner.pk)


def _note(actor: Actor, owner: Account, act: str) -> None:
    audit.record(
        actor=actor,
        action=act,
        subject_kind="account",
        subject_id=owner.pk,
        subject_label=f"@{owner.handle}",
    )
