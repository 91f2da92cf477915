"""What a member chose, and which rows are theirs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired, NotFound
from banyan.kernel.remembered import remembered, run
from banyan.people.models import Follow

from .families import FAMILIES
from .models import Notification, Preference
from .rules import ALL, Quiet


@dataclass(frozen=True, slots=True)
class Place:
    """Where a member is told of a family. ``push``: wanted, and there is a browser for it."""

    page: bool
    push: bool
    email: bool
    strangers: str


_PLACES = """
SELECT a.id, s.page, s.push, s.email, p.strangers,
       EXISTS (SELECT 1 FROM notify_pushsubscription b WHERE b.account_id = a.id)
FROM people_account a
LEFT JOIN notify_switch s ON s.account_id = a.id AND s.family = %s
LEFT JOIN notify_preference p ON p.account_id = a.id
WHERE a.id = ANY(%s)
"""


def place_of(account_id: int, family: str) -> Place:
    """Return where an account is told of a family. One query."""
    return places_of([account_id], family)[account_id]


def places_of(account_ids: Collection[int], family: str) -> dict[int, Place]:
    """Return where accounts are told of a family. One query."""
    rows = run(_PLACES, [family, list(account_ids)]).fetchall()
    found: dict[int, tuple[Any, ...]] = {pk: rest for pk, *rest in rows}
    return {pk: _place(family, *found.get(pk, (None,) * 5)) for pk in account_ids}


def _place(
    family: str,
    page: bool | None,
    push: bool | None,
    email: bool | None,
    strangers: str | None,
    has_browser: bool | None,
) -> Place:
    if page is None:
        page, push, email = FAMILIES[family].at_first
    return Place(bool(page), bool(push and has_browser), bool(email), strangers or ALL)


def followers_among(account_ids: Collection[int], account_id: int) -> set[int]:
    """Return which of some accounts follow an account. One query."""
    return {row.follower_id for row in _following(list(account_ids), account_id)}


@remembered
def _following(account_ids: list[int], account_id: int) -> QuerySet[Follow]:
    return Follow.objects.filter(follower_id__in=account_ids, followee_id=account_id, state=1)


def preference_of(account_id: int) -> Preference:
    """Return what an account chose, or the defaults, unsaved."""
    found = Preference.objects.filter(pk=account_id).first()
    return found or Preference(account_id=account_id)


def quiet_of(preference: Preference) -> Quiet | None:
    """Return an account's quiet hours, or None."""
    start, end = preference.quiet_from, preference.quiet_until
    if start is None or end is None:
        return None
    return Quiet(start, end, preference.time_zone)


def get_notification_for(actor: Actor, notification_id: int) -> Notification:
    """Return one of the actor's own notifications, or raise NotFound."""
    if actor.id is None:
        raise LoginRequired()
    row = Notification.objects.filter(pk=notification_id, recipient_id=actor.id).first()
    if row is None:
        raise NotFound()
    return row
