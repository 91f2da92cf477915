"""Spooled touches as rows: whose they are, whether they count, and who is told."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import structlog
from django.db import IntegrityError, connection, transaction

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.sharing.channels import channel_through
from banyan.sharing.events import SharingTouched, SharingVisited
from banyan.sharing.models import Link, PendingConfirmation, VisitorAccount

from .record import SHOWN, Touched

Row = tuple[int, int, str, int | None, dt.datetime, str, str, None]
_COLUMNS = "id, link_id, visitor, account_id, at, channel, verdict, confirmed_at"
_TYPES = ("int8", "int8", "varchar", "int8", "timestamptz", "varchar", "varchar", "timestamptz")
PENDING_LIFE = dt.timedelta(hours=1)
LOADER = Actor.system("spool loader")
log = structlog.get_logger("banyan.sharing.spool")


def store(touches: Sequence[Touched]) -> int:
    """Insert touches inside the caller's transaction and return how many were new.

    Touches of links that do not exist (any more) are dropped. Cards that were shown become
    exposures and are not counted here. Emits sharing.touched.
    """
    shown = [touch for touch in touches if touch.verdict == SHOWN]
    if shown:
        _store_shown(shown)
        touches = [touch for touch in touches if touch.verdict != SHOWN]
    if not touches:
        return 0
    links = Link.objects.only(
        "owner_id", "root_id", "target_kind", "target_id", "place", "channel"
    ).in_bulk({touch.link_id for touch in touches})
    accounts = dict(
        VisitorAccount.objects.filter(
            visitor__in={touch.visitor for touch in touches if touch.visitor}
        ).values_list("visitor", "account_id")
    )
    rows = [
        _row(touch, links[touch.link_id], accounts.get(touch.visitor))
        for touch in touches
        if touch.link_id in links
    ]
    if len(rows) < len(touches):
        log.warning("spool_unknown_links", touches=len(touches) - len(rows))
    new = _insert(rows)
    _tell(rows, links, new)
    return len(new)


def confirm_pending() -> int:
    """Apply the confirmations that came before their touches; return how many were applied.

    Emits sharing.visited.
    """
    if not PendingConfirmation.objects.exists():
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CONFIRM_PENDING)
        rows = cursor.fetchall()
        confirmed = len(rows)
        counts = Counter(link_id for link_id, verdict in rows if verdict == "human")
        for link in Link.objects.filter(pk__in=counts).order_by("pk"):
            events.emit(SharingVisited.of(link, counts[link.pk]), actor=LOADER)
    PendingConfirmation.objects.filter(at__lt=clock.now() - PENDING_LIFE).delete()
    return confirmed


def _store_shown(shown: Sequence[Touched]) -> None:
    """Note whose eyes a link's card was before, once a day; not the owner's own."""
    days: list[list[Any]] = [[], [], []]
    for touch in shown:
        for column, value in zip(
            days, (touch.link_id, touch.visitor, touch.at.date()), strict=True
        ):
            column.append(value)
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, days)


def _row(touch: Touched, link: Link, account_id: int | None) -> Row:
    own = account_id == link.owner_id and touch.verdict == "unknown"
    verdict = "self" if own else touch.verdict
    channel = channel_through(link.place, link.channel, touch.channel)
    return (
        touch.id, link.pk, touch.visitor, account_id, touch.at, channel, verdict, None,
    )  # fmt: skip


def _insert(rows: Sequence[Row]) -> set[int]:
    """Insert by COPY; row by row only if that meets an id which is there already."""
    if not rows:
        return set()
    try:
        with transaction.atomic(), connection.wrap_database_errors:
            _copy(rows)
    except IntegrityError:
        return _insert_absent(rows)
    return {row[0] for row in rows}


def _copy(rows: Sequence[Row]) -> None:
    statement = f"COPY sharing_touch ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            copy.write_row(row)


def _insert_absent(rows: Sequence[Row]) -> set[int]:
    sources = ", ".join(f"%s::{kind}[]" for kind in _TYPES)
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO sharing_touch ({_COLUMNS})"  # noqa: S608 - our columns
            f" SELECT new.* FROM unnest({sources}) AS new ({_COLUMNS})"
            " JOIN sharing_link link ON link.id = new.link_id"
            " ON CONFLICT (id) DO NOTHING RETURNING id",
            columns,
        )
        new = {row[0] for row in cursor.fetchall()}
    log.warning("spool_duplicate_ids", touches=len(rows) - len(new))
    return new


def _tell(rows: Sequence[Row], links: dict[int, Link], new: Collection[int]) -> None:
    counts = Counter(row[1] for row in rows if row[6] == "unknown" and row[0] in new)
    for link_id, count in sorted(counts.items()):
        events.emit(SharingTouched.of(links[link_id], count), actor=LOADER)


_SHOWN = """
INSERT INTO sharing_exposure (link_id, visitor, day)
SELECT DISTINCT link.id, seen.visitor, seen.day
FROM unnest(%s::int8[], %s::varchar[], %s::date[]) AS seen (link_id, visitor, day)
JOIN sharing_link link ON link.id = seen.link_id
LEFT JOIN sharing_visitoraccount known ON known.visitor = seen.visitor
WHERE seen.visitor <> '' AND seen.visitor <> 'account-' || link.owner_id
  AND link.owner_id IS DISTINCT FROM known.account_id
ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
"""

# Who was signed in on the page knows best, if it is the visitor's page; robots stay robots.
_CONFIRM_PENDING = """
WITH due AS (
  DELETE FROM sharing_pendingconfirmation pending USING sharing_touch touch
  WHERE touch.id = pending.touch_id
  RETURNING pending.touch_id, pending.visitor, pending.account_id, pending.at
)
UPDATE sharing_touch touch
SET verdict = CASE WHEN link.owner_id = coalesce(known.id, touch.account_id)
                   THEN 'self' ELSE 'human' END,
    account_id = coalesce(known.id, touch.account_id),
    confirmed_at = due.at
FROM due
JOIN sharing_touch subject ON subject.id = due.touch_id
JOIN sharing_link link ON link.id = subject.link_id
LEFT JOIN people_account known ON known.id = due.account_id
     AND subject.visitor IN ('', due.visitor)
WHERE touch.id = due.touch_id AND touch.verdict IN ('unknown', 'prefetch')
RETURNING touch.link_id, touch.verdict
"""
