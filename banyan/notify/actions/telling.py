"""The writers of notifications: what an account is told, and what counts as read."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.remembered import run
from banyan.people.access import muting

from .. import kinds
from ..access import Place, apart_from, followers_among, places_of
from ..events import NotificationRead, NotificationTold
from ..families import FAMILIES, Family
from ..models import Notification
from ..rules import ALL, NOBODY

LONGEST_URL = 200
US = Actor.system("notify")


@dataclass(frozen=True, slots=True)
class Telling:
    """What accounts are told of one happening; ``cause`` is what it comes from, else the context's.

    See :func:`notify_each` for the rest.
    """

    recipient_ids: Collection[int]
    kind: str
    group_key: str
    url: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    actor_id: int | None = None
    cause: int | None = None


def notify(
    *,
    recipient_id: int,
    kind: str,
    group_key: str,
    url: str = "",
    data: Mapping[str, Any] | None = None,
    actor_id: int | None = None,
) -> None:
    """Tell an account that something happened. See :func:`notify_each`."""
    notify_each(
        recipient_ids=[recipient_id],
        kind=kind,
        group_key=group_key,
        url=url,
        data=data,
        actor_id=actor_id,
    )


def notify_each(
    *,
    recipient_ids: Collection[int],
    kind: str,
    group_key: str,
    url: str = "",
    data: Mapping[str, Any] | None = None,
    actor_id: int | None = None,
) -> None:
    """Tell accounts that something happened; what has the same ``group_key`` is one row for each.

    Once the row was read, the next happening counts from one again. The same person twice in a
    row of unread ones counts once. Nobody is told of what they did themselves, or of what was
    done by somebody they block or mute, or who blocks them; nor of a family they have switched
    off.
    ``kind`` must be registered (``kinds``). Repeatable only as far as that: call it from an event
    consumer. Joins the caller's transaction; emits notification.told. Where its reader has a
    browser that asked for it, a push follows, once until the row is read. As many statements for
    five hundred as for two.
    """
    notify_all([Telling(recipient_ids, kind, group_key, url, data or {}, actor_id)])


def notify_all(tellings: Sequence[Telling]) -> None:
    """Do what :func:`notify_each` does for several happenings, with as few statements as for one.

    Whoever hears of several is told so by one event. Happenings of one row (the same recipient and
    ``group_key``) are written one after another, in the order given.
    """
    rows = _rows(tellings)
    if not rows:
        return
    now = clock.now()
    causes = {row.recipient: row.cause for row in rows}
    told = sorted(causes)
    with transaction.atomic(savepoint=False):
        left = rows
        while left:
            # One statement writes a row once.
            first = {(row.recipient, row.group_key): row for row in reversed(left)}
            columns = zip(*(row[:-1] for _, row in sorted(first.items())), strict=True)
            run(_UPSERT, [now, *map(list, columns)])
            left = [row for row in left if first[row.recipient, row.group_key] is not row]
        happened = [NotificationTold(recipient_id=one) for one in told]
        if len(happened) == 1:
            events.emit(happened[0], actor=US, cause=causes[told[0]])
        else:
            events.emit_all(happened, actor=US, causes=[causes[one] for one in told])


class _Row(NamedTuple):
    """A telling for one recipient: what ``_UPSERT`` takes, and its cause."""

    recipient: int
    group_key: str
    aside: bool
    push_at: dt.datetime | None
    kind: str
    url: str
    data: str
    actors: str
    cause: int | None


def _rows(tellings: Sequence[Telling]) -> list[_Row]:
    """Return what is to be written, of those who want to hear of it."""
    together: dict[tuple[str, int | None], list[Telling]] = {}
    for telling in tellings:
        name = kinds.require(telling.kind).family.name
        together.setdefault((name, telling.actor_id), []).append(telling)
    now = clock.now()
    found: list[_Row] = []
    for (name, by), several in together.items():
        family = FAMILIES[name]
        places = _places({one for each in several for one in each.recipient_ids}, family, by)
        aside = _aside(places, family, by)
        for each in several:
            for one in sorted(places.keys() & set(each.recipient_ids)):
                if aside.get(one) != NOBODY:
                    found.append(_row(each, one, one in aside, now if places[one].push else None))
    return found


def _row(telling: Telling, recipient: int, aside: bool, push_at: dt.datetime | None) -> _Row:
    key = f"~{telling.group_key}" if aside else telling.group_key
    by = [] if telling.actor_id is None else [str(telling.actor_id)]
    return _Row(
        recipient,
        key[:100],
        aside,
        None if aside else push_at,
        telling.kind,
        telling.url if len(telling.url) <= LONGEST_URL else "",  # cut, it would lead nowhere
        json.dumps(dict(telling.data)),
        json.dumps(by),
        telling.cause,
    )


def _places(recipients: Collection[int], family: Family, by: int | None) -> dict[int, Place]:
    """Return who wants to hear of a family on the page, and of what ``by`` did, and where."""
    wanted = set(recipients) - {by}
    if wanted and by is not None:
        wanted -= apart_from(by, wanted)
    places = places_of(wanted, family.name) if wanted else {}
    places = {one: place for one, place in places.items() if place.page}
    if places and by is not None:
        quiet = muting(places, by)
        places = {one: place for one, place in places.items() if one not in quiet}
    return places


def _aside(places: Mapping[int, Place], family: Family, by: int | None) -> dict[int, str]:
    """Return what those want of strangers' doings to whom ``by`` is one, by account."""
    if by is None or not family.strangers:
        return {}
    choosy = {one: place.strangers for one, place in places.items() if place.strangers != ALL}
    known = followers_among(choosy, by) if choosy else set()
    return {one: wish for one, wish in choosy.items() if one not in known}


# Actors are strings, because ids exceed what JSON numbers hold; the newest comes first.
_UPSERT = """
INSERT INTO notify_notification AS o
    (recipient_id, group_key, kind, url, data, actors, n, updated_at, read_at, aside, push_at)
SELECT r.id, r.key, r.kind, r.url, r.data::jsonb, r.actors::jsonb, 1, %s, NULL, r.aside, r.push_at
FROM unnest(%s::bigint[], %s::text[], %s::boolean[], %s::timestamptz[], %s::text[], %s::text[],
            %s::text[], %s::text[]) AS r (id, key, aside, push_at, kind, url, data, actors)
ORDER BY r.id, r.key
ON CONFLICT (recipient_id, group_key) DO UPDATE SET
    kind = excluded.kind, url = excluded.url, data = excluded.data,
    updated_at = excluded.updated_at, read_at = NULL,
    push_at = CASE WHEN o.read_at IS NULL AND o.pushed_at IS NOT NULL THEN o.push_at
                   ELSE coalesce(o.push_at, excluded.push_at) END,
    pushed_at = CASE WHEN o.read_at IS NULL THEN o.pushed_at END,
    n = CASE WHEN o.read_at IS NOT NULL THEN 1
             WHEN excluded.actors <> '[]' AND o.actors @> excluded.actors THEN o.n
             ELSE o.n + 1 END,
    actors = CASE WHEN o.read_at IS NOT NULL OR o.actors = '[]' THEN excluded.actors
                  ELSE jsonb_path_query_array(
                      excluded.actors || coalesce(
                          (SELECT jsonb_agg(a) FROM jsonb_array_elements(o.actors) a
                           WHERE NOT excluded.actors @> a), '[]'),
                      '$[0 to 2]') END
"""


def mark_read(*, recipient_id: int, notification_id: int | None = None) -> int:
    """Mark one notification of an account as read, or all of them; returns how many changed.

    Emits notification.read where something did.
    """
    unread = Notification.objects.filter(recipient_id=recipient_id)
    if notification_id is not None:
        unread = unread.filter(pk=notification_id)
    return _read(unread, recipient_id)


def _read(rows: QuerySet[Notification], recipient_id: int) -> int:
    with transaction.atomic():
        changed = rows.filter(read_at=None).update(read_at=clock.now())
        if changed:
            events.emit(NotificationRead(recipient_id=recipient_id), actor=US)
    return changed


def withdraw(*, recipient_id: int, actor_id: int | None, about: Sequence[str] = ("%",)) -> int:
    """Take back what somebody was told of one person, because it holds no longer; returns lines.

    ``about`` are group keys; ``%`` at the end stands for any ending. A line that was that person's
    alone goes, in another they are named and counted no more; ``actor_id`` None takes whole lines.
    Whoever is only one of "and 7
    others" is known to be in a line by its whole key, never by an ending. Call it from the event
    consumer that tells, so that both come in order. Emits notification.read where a line changed.
    """
    keys = [each for key in about for each in (key, f"~{key}")]
    who = "null" if actor_id is None else json.dumps([str(actor_id)])
    row: dict[str, Any] = {"recipient": recipient_id, "who": who, "keys": keys}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_WITHDRAW, row)
        changed = int(cursor.rowcount)
        cursor.execute(_EMPTY, row)
        if changed:
            events.emit(NotificationRead(recipient_id=recipient_id), actor=US)
    return changed


_WITHDRAW = """
UPDATE notify_notification
SET n = CASE WHEN %(who)s::jsonb = 'null' THEN 0 ELSE n - 1 END,
    actors = coalesce((SELECT jsonb_agg(a ORDER BY place)
                       FROM jsonb_array_elements(actors) WITH ORDINALITY AS each (a, place)
                       WHERE NOT %(who)s::jsonb @> a), '[]')
WHERE recipient_id = %(recipient)s AND group_key LIKE ANY (%(keys)s)
  AND (%(who)s::jsonb = 'null' OR actors @> %(who)s::jsonb
       OR (jsonb_array_length(actors) BETWEEN 1 AND n - 1 AND group_key = ANY (%(keys)s)))
"""
_EMPTY = """
DELETE FROM notify_notification
WHERE recipient_id = %(recipient)s AND group_key LIKE ANY (%(keys)s) AND n <= 0
"""
