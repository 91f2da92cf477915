"""What a member chose, and which rows are theirs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q

from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired, NotFound
from banyan.kernel.remembered import MOST_IN_A_LIST, run
from banyan.people.models import Block, Follow

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
WHERE a.id {among}
"""


def places_of(account_ids: Collection[int], family: str) -> dict[int, Place]:
    """Return where accounts are told of a family, by account. One query."""
    ids = list(account_ids)
    if not ids:
        return {}
    if len(ids) <= MOST_IN_A_LIST:
        # Spelled out: with an array PostgreSQL plans it anew each time, at ten times its running.
        among = f"IN ({', '.join(['%s'] * len(ids))})"
        found = run(_PLACES.format(among=among), [family, *ids]).fetchall()
    else:
        found = run(_PLACES.format(among="= ANY(%s)"), [family, ids]).fetchall()
    return {row[0]: _place(family, *row[1:]) for row in found}


def _place(
    family: str,
    page: bool | None,
    push: bool | None,
    email: bool | None,
    strangers: str | None,
    has_browser: bool,
) -> Place:
    if page is None:
        page, push, email = FAMILIES[family].at_first
    return Place(page, bool(push and has_browser), bool(email), strangers or ALL)


def place_of(account_id: int, family: str) -> Place:
    """Return where an account is told of a family. One query."""
    found = places_of([account_id], family)
    return found.get(account_id) or _place(family, None, None, None, None, has_browser=False)


def followers_among(account_ids: Collection[int], account_id: int) -> set[int]:
    """Return which of these accounts follow an account. One query."""
    rows = Follow.objects.filter(follower_id__in=account_ids, followee_id=account_id, state=1)
    return set(rows.values_list("follower_id", flat=True))


def apart_from(account_id: int, account_ids: Collection[int]) -> set[int]:
    """Return which of these accounts block an account, or are blocked by it. One query."""
    rows = Block.objects.filter(
        Q(actor_id=account_id, target_id__in=account_ids)
        | Q(actor_id__in=account_ids, target_id=account_id)
    )
    pairs = rows.values_list("actor_id", "target_id")
    return {one for pair in pairs for one in pair} - {account_id}


def preference_of(account_id: int) -> Preference:
    """Return what an account chose, or the defaults, unsaved."""
    found = Preference.objects.filter(pk=account_id).first()
    return found or Preference(account_id=account_id, time_zone=settings.SITE_TIME_ZONE)


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
