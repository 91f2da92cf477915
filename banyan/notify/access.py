"""What a member chose, and which rows are theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired, NotFound
from banyan.kernel.remembered import remembered
from banyan.people.access import muted_ids
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


_PLACE = """
SELECT s.page, s.push, s.email, p.strangers,
       EXISTS (SELECT 1 FROM notify_pushsubscription b WHERE b.account_id = a.id)
FROM people_account a
LEFT JOIN notify_switch s ON s.account_id = a.id AND s.family = %s
LEFT JOIN notify_preference p ON p.account_id = a.id
WHERE a.id = %s
"""


def place_of(account_id: int, family: str) -> Place:
    """Return where an account is told of a family. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACE, [family, account_id])
        row: tuple[Any, ...] = cursor.fetchone() or (None, None, None, None, False)
    page, push, email = FAMILIES[family].at_first if row[0] is None else row[:3]
    return Place(bool(page), bool(push and row[4]), bool(email), row[3] or ALL)


def is_followed(*, by: int, account_id: int) -> bool:
    """Tell whether ``by`` follows an account."""
    return bool(_follows(by, account_id))


@remembered
def _follows(by: int, account_id: int) -> QuerySet[Follow]:
    return Follow.objects.filter(follower_id=by, followee_id=account_id, state=1)


def is_muted(*, by: int, account_id: int) -> bool:
    """Tell whether ``by`` does not want to hear of an account at this moment. One query."""
    return account_id in muted_ids(Actor(kind="member", id=by))


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
