"""Who is told: members who leave, and that their data can be fetched."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.access import preference_of
from banyan.notify.actions import notify, send
from banyan.notify.kinds import Happening
from banyan.people.models import Account

from .events import ErasureAsked, ExportReady
from .models import Erasure

CONSUMER = "legal.telling"


@events.subscribe(ExportReady, consumer=CONSUMER)
def tell_ready(event: ExportReady, meta: Meta) -> None:
    """Tell a member that the file is there; guests see it on the page of their purchase."""
    if event.account_id is None:
        return
    path = reverse("my_data")
    notify(recipient_id=event.account_id, kind="export.ready", group_key="export", url=path)
    _write(event.account_id, "export.ready", f"export:{event.export_id}", path=path)


@events.subscribe(ErasureAsked, consumer=CONSUMER)
def tell_leaving(event: ErasureAsked, meta: Meta) -> None:
    """Tell a member until when they can come back."""
    erasure = Erasure.objects.get(pk=event.erasure_id)
    _write(
        event.account_id, "account.leaving", f"leaving:{erasure.pk}",
        path=reverse("login"), day=erasure.due_at,
    )  # fmt: skip


def _write(account_id: int, kind: str, key: str, **context: Any) -> None:
    account = Account.objects.get(pk=account_id)
    channel, where = ("email", account.email) if account.email else ("sms", account.phone)
    if where:
        send(
            channel=channel,
            destination=where,
            kind=kind,
            context=context,
            language=account.language,
            zone=preference_of(account.pk).time_zone,
            key=key,
        )


def _ready(happening: Happening) -> str:
    return _("What is known of you can be fetched, once, within seven days.")


kinds.register("export.ready", _ready, icon="shield", family="account")
