"""The writers of notifications: what an account is told, and what counts as read."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import QuerySet

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.remembered import run
from banyan.people.access import blocked_among, muting

from .. import kinds
from ..access import Place, followers_among, places_of
from ..events import NotificationRead, NotificationTold
from ..families import Family
from ..models import Notification
from ..rules import ALL, NOBODY

US = Actor.system("notify")


def notify(
    *,
    recipient_id: int,
    kind: str,
    group_key: str,
    url: str = "",
    data: Mapping[str, Any] | None = None,
    actor_id: int | None = None,
) -> None:
    """Tell an account that something happened; things with the same ``group_key`` are one row.

    Once the row was read, the next happening counts from one again. The same person twice in a
    row of unread ones counts once. Nobody is told of what they did themselves, or of what was
    done by somebody they block or mute, or who blocks them; nor of a family they have switched
    off.
    ``kind`` must be registered (``kinds``). Repeatable only as far as that: call it from an event
    consumer. Joins the caller's transaction; emits notification.told. Where its reader has a
    browser that asked for it, a push follows, once until the row is read.
    """
    happening = _Happening(kind, group_key, url, data or {}, actor_id)
    with transaction.atomic(savepoint=False):
        for told in _tell(_UPSERT, happening, [recipient_id]):
            events.emit(NotificationTold(recipient_id=told), actor=US)


def notify_each(
    *,
    recipient_ids: Collection[int],
    kind: str,
    group_key: str,
    url: str,
    data: Mapping[str, Any] | None = None,
    actor_id: int | None = None,
) -> int:
    """Tell many accounts of one thing, as :func:`notify` does; returns how many were told.

    Some seven statements, however many they are. Repeatable: who was told of the same ``url``
    last is not told again. Joins the caller's transaction; emits notification.told for each.
    """
    happening = _Happening(kind, group_key, url, data or {}, actor_id)
    with transaction.atomic(savepoint=False):
        told = _tell(f"{_UPSERT} WHERE o.url <> excluded.url", happening, sorted(recipient_ids))
        if told:
            events.emit_all([NotificationTold(recipient_id=one) for one in told], actor=US)
    return len(told)


class _Happening(NamedTuple):
    kind: str
    group_key: str
    url: str
    data: Mapping[str, Any]
    actor_id: int | None


def _tell(upsert: str, what: _Happening, recipient_ids: Sequence[int]) -> list[int]:
    """Write the rows of those who want to hear of it; return whose."""
    family = kinds.require(what.kind).family
    heard = _listening(family, what.actor_id, recipient_ids)
    if not heard:
        return []
    told = run(
        f"{upsert} RETURNING o.recipient_id",
        {
            "recipients": [one for one, _place, _aside in heard],
            "asides": [aside for _one, _place, aside in heard],
            "pushes": [place.push and not aside for _one, place, aside in heard],
            "group_key": what.group_key[:100],
            "aside_key": f"~{what.group_key}"[:100],
            "kind": what.kind,
            "url": what.url[:200],
            "data": json.dumps(dict(what.data)),
            "actors": json.dumps([] if what.actor_id is None else [str(what.actor_id)]),
            "now": clock.now(),
        },
    )
    return [recipient_id for (recipient_id,) in told.fetchall()]


def _listening(
    family: Family, actor_id: int | None, recipient_ids: Sequence[int]
) -> list[tuple[int, Place, bool]]:
    """Return who hears of something of a family that ``actor_id`` did: (account, place, aside)."""
    deaf = set() if actor_id is None else {actor_id} | blocked_among(actor_id, recipient_ids)
    heard = [one for one in recipient_ids if one not in deaf]
    if not heard:
        return []
    places = places_of(heard, family.name)
    heard = [one for one in heard if places[one].page]
    if actor_id is not None and heard:
        muted = muting(heard, actor_id)
        heard = [one for one in heard if one not in muted]
    apart: set[int] = set()
    if actor_id is not None and family.strangers:
        apart = {one for one in heard if places[one].strangers != ALL}
        apart -= followers_among(apart, actor_id) if apart else set()
    return [
        (one, places[one], one in apart)
        for one in heard
        if one not in apart or places[one].strangers != NOBODY
    ]


# Actors are strings, because ids exceed what JSON numbers hold; the newest comes first.
_UPSERT = """
INSERT INTO notify_notification AS o
    (recipient_id, group_key, kind, url, data, actors, n, updated_at, read_at, aside, push_at)
SELECT r.id, CASE WHEN r.aside THEN %(aside_key)s ELSE %(group_key)s END, %(kind)s, %(url)s,
    %(data)s::jsonb, %(actors)s::jsonb, 1, %(now)s, NULL, r.aside,
    CASE WHEN r.push THEN %(now)s::timestamptz END
FROM unnest(%(recipients)s::bigint[], %(asides)s::boolean[], %(pushes)s::boolean[])
    AS r (id, aside, push)
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


def hush(*, recipient_id: int, actor_id: int) -> int:
    """Mark as read what one person alone did; returns how many. Repeatable.

    Emits notification.read where there was something.
    """
    only = Notification.objects.filter(recipient_id=recipient_id, actors=[str(actor_id)])
    return _read(only, recipient_id)
