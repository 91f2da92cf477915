"""Reads of notifications: the badge and the list."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from banyan.kernel.actors import Actor
from banyan.people.access import visible_accounts
from banyan.people.models import Account

from . import kinds
from .models import Notification

MOST = 99


@dataclass(frozen=True, slots=True)
class Told:
    """A notification as it is shown: one sentence in the language of this request."""

    id: int
    text: str
    icon: str
    url: str
    people: list[Account]
    at: dt.datetime
    unread: bool


def unread_count(account_id: int) -> int:
    """Return how many unread notifications there are, 99 at most. One query, at most 99 rows."""
    unread = Notification.objects.filter(recipient_id=account_id, read_at=None)
    return len(unread.order_by("-updated_at").values_list("pk")[:MOST])


def notifications(
    account_id: int, *, before: dt.datetime | None = None, limit: int = 30
) -> list[Told]:
    """Return an account's notifications, newest first. Two queries whatever the length.

    Nobody is named whom the account may not see (any more); what only they did is left out.
    """
    rows = Notification.objects.filter(recipient_id=account_id).order_by("-updated_at")
    if before is not None:
        rows = rows.filter(updated_at__lt=before)
    page = list(rows[:limit])
    ids = {int(actor) for row in page for actor in row.actors}
    reader = Actor(kind="member", id=account_id)
    people = visible_accounts(reader).select_related("avatar").in_bulk(ids)
    return [told for row in page if (told := _tell(row, people)) is not None]


def _tell(row: Notification, people: dict[int, Account]) -> Told | None:
    kind = kinds.known(row.kind)
    if kind is None:
        return None
    actors = [people[int(actor)] for actor in row.actors if int(actor) in people]
    if row.actors and not actors:
        return None
    names = tuple(account.display_name for account in actors)
    happening = kinds.Happening(n=row.n, names=names, who=phrase(names, row.n), data=row.data)
    return Told(
        id=row.pk,
        text=kind.tell(happening),
        icon=kind.icon,
        url=row.url,
        people=actors,
        at=row.updated_at,
        unread=row.read_at is None,
    )


def tell(row: Notification) -> str:
    """Return a notification's sentence without naming people; no query."""
    kind = kinds.known(row.kind)
    if kind is None:
        return row.kind
    who = phrase((), row.n)
    return kind.tell(kinds.Happening(n=row.n, names=(), who=who, data=row.data))


def phrase(names: tuple[str, ...], n: int) -> str:
    """Return "Ana", "Ana and Ben" or "Ana and 7 others", translated; "Somebody" without names."""
    if not names:
        return _("Somebody")
    if n <= 1:
        return names[0]
    if n == 2 and len(names) > 1:
        return _("%(one)s and %(other)s") % {"one": names[0], "other": names[1]}
    text = ngettext("%(name)s and %(count)d other", "%(name)s and %(count)d others", n - 1)
    return text % {"name": names[0], "count": n - 1}
