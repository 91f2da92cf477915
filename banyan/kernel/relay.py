"""The relay: publishes stored events in one gap-free order and delivers them to consumers.

Ids are taken before the commit, so a slow transaction can commit a smaller id after a larger one
was read. Positions are given out here, after the commit, so whoever follows them misses nothing.

One leader at a time (an advisory lock) does the work; a second one would only be slower, since
the rows of the relay's state and of the cursors are locked anyway.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from . import audit, clock, events, locks, topics
from .actors import Actor, caused_by
from .models import ConsumerCursor, DeadEvent, StoredEvent
from .problems import Conflict, NotFound
from .remembered import change, remembered

logger = logging.getLogger("banyan.relay")

CHANNEL = "banyan_events"
LEADER_KEY = 0x62616E79616E01
PUBLISH_BATCH = 1000
DELIVER_BATCH = 200
DELIVER_SECONDS = 0.25
TOGETHER = 16  # statements are made for each length of a list
LOOK_AHEAD = 5000
IDLE_SECONDS = 0.1
ELECTION_SECONDS = 1.0
# Pauses after the first, second, ... failure of one event; after one more failure it is parked.
BACKOFF_SECONDS = (0.5, 2.0, 8.0, 30.0)
TRIES = len(BACKOFF_SECONDS) + 1

Failed = Callable[[ConsumerCursor, StoredEvent, Exception], bool]
Handlers = Mapping[str, list[events.Handler]]
Handle = Callable[[Handlers, Sequence[StoredEvent]], Exception | None]


def run(stop: threading.Event) -> None:
    """Publish and deliver until ``stop`` is set; wait in line while another process leads.

    Raises what the database raises when it goes away; call it again then.
    """
    with _dedicated() as candidate:
        while not stop.is_set():
            row = candidate.execute("SELECT pg_try_advisory_lock(%s)", [LEADER_KEY]).fetchone()
            if row is not None and row[0]:
                return _lead(stop, candidate)
            stop.wait(ELECTION_SECONDS)


def publish_once() -> int:
    """Give positions to the committed events that have none, and notify. Returns how many.

    The notice names the topics whose pages want to know (``kernel.topics``). Opens its own
    transaction; the row of ``kernel_relaystate`` moves in the same one, so that positions are
    gap-free whatever fails.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM kernel_event WHERE position IS NULL LIMIT 1")
        if cursor.fetchone() is None:
            return 0
    with transaction.atomic(), connection.cursor() as cursor:
        # Locked by a statement of its own: the next must see what the last holder published.
        cursor.execute(f"{_LAST} FOR UPDATE")
        (before,) = cursor.fetchone()
        cursor.execute(
            "UPDATE kernel_event AS e SET position = %s + batch.n"
            " FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM ("
            "   SELECT id FROM kernel_event WHERE position IS NULL ORDER BY id LIMIT %s) AS due"
            " ) AS batch WHERE e.id = batch.id",
            [before, PUBLISH_BATCH],
        )
        count = int(cursor.rowcount)
        last = before + count
        if count:
            cursor.execute("UPDATE kernel_relaystate SET last_position = %s", [last])
            for text in _notices(before, last):
                cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, text])
    return count


@remembered
def _cursors(consumer: str) -> QuerySet[ConsumerCursor]:
    return ConsumerCursor.objects.filter(consumer=consumer)


@remembered
def _locked_cursors(consumer: str) -> QuerySet[ConsumerCursor]:
    return ConsumerCursor.objects.select_for_update().filter(consumer=consumer)


@remembered
def _between(before: int, last: int, names: list[str]) -> QuerySet[StoredEvent]:
    """Return the published events of these names in ``(before, last]``, in order."""
    found = StoredEvent.objects.filter(position__gt=before, position__lte=last, name__in=names)
    return found.order_by("position")


@remembered
def _next_of(before: int, last: int, names: list[str]) -> QuerySet[StoredEvent]:
    """Return the first batch of them."""
    found = StoredEvent.objects.filter(position__gt=before, position__lte=last, name__in=names)
    return found.order_by("position")[:DELIVER_BATCH]


def _notices(before: int, last: int) -> list[str]:
    if last - before == PUBLISH_BATCH:
        # A backlog: its topics would be too many to name, and asking for them would delay it more.
        return topics.payloads(None, before=before, last=last)
    due = _between(before, last, sorted(topics.announced()))
    return topics.payloads(topics.touched(due), before=before, last=last)


def deliver_once(consumer: str) -> int:
    """Hand the next published events to ``consumer``. Returns how many it is done with.

    The handlers' effects and the cursor commit together. A failing event is tried ``TRIES``
    times, with pauses, and then parked as a DeadEvent; during a pause this returns 0.
    """
    seen = _cursors.first(consumer)
    if seen is not None and _resting(seen):
        return 0
    return _deliver(consumer, _note_failure)


def drain() -> int:
    """Publish and deliver everything now, without pauses. Returns how many deliveries were made.

    For tests and loaders: the first failing handler's error is raised, nothing is parked.
    """
    total = 0
    while True:
        done = publish_once()
        delivered = sum(_deliver(consumer, _raise) for consumer in list(events.consumers))
        total += delivered
        if not done and not delivered:
            return total


def retry_dead(dead_id: int) -> None:
    """Handle a parked event again, outside the order; its error is raised if it fails again."""
    with transaction.atomic():
        dead = DeadEvent.objects.select_for_update(of=("self",)).get(pk=dead_id)
        if dead.resolved_at is not None:
            return
        error = _handle(events.consumers[dead.consumer], [dead.event])
        if error is not None:
            raise error
        DeadEvent.objects.filter(pk=dead.pk).update(resolved_at=clock.now())


def deliver_again(*, actor: Actor, dead_id: int, reason: str = "") -> None:
    """Let an operator handle a parked event again (:func:`retry_dead`); audited.

    Raises Conflict ``still_failing`` with the error's own words when it fails once more.
    """
    dead = DeadEvent.objects.select_related("event").filter(pk=dead_id).first()
    if dead is None:
        raise NotFound()
    try:
        with transaction.atomic():
            retry_dead(dead_id)
            audit.record(
                actor=actor,
                action="event.deliver_again",
                subject_kind="event",
                subject_id=dead.event_id,
                subject_label=f"{dead.event.name} to {dead.consumer}",
                reason=reason,
            )
    except Exception as error:  # whatever the consumer raises, the operator is told
        told = _("It failed again: %(error)s") % {"error": f"{type(error).__name__}: {error}"[:200]}
        raise Conflict(told, code="still_failing") from error


def lag() -> dict[str, int]:
    """Return how many published events each consumer has not passed, and "unpublished"."""
    last = _last_position()
    positions = dict(ConsumerCursor.objects.values_list("consumer", "position"))
    behind = {name: last - positions.get(name, 0) for name in events.consumers}
    return {"unpublished": StoredEvent.objects.filter(position=None).count(), **behind}


def _last_position() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_LAST)
        return int(cursor.fetchone()[0])


def _dedicated() -> psycopg.Connection[Any]:
    # Not from the pool: the leader's lock dies with this connection, and no request gets it.
    parameters = {**connection.get_connection_params(), "autocommit": True}
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    return psycopg.connect(**parameters)


def _lead(stop: threading.Event, leader: psycopg.Connection[Any]) -> None:
    for consumer in events.consumers:
        _ensure_cursor(consumer)
    checked = time.monotonic()
    while not stop.is_set():
        if time.monotonic() - checked > ELECTION_SECONDS:
            leader.execute("SELECT 1")
            checked = time.monotonic()
        done = publish_once()
        for consumer in _waiting():
            done += deliver_once(consumer)
        # Also after work: events that gather for a moment cost one round instead of one each.
        if not done or not _waiting():
            stop.wait(IDLE_SECONDS)


def _waiting() -> list[str]:
    """Return the consumers that some published event is for; the others are moved past.

    Three statements at most, whatever the number of consumers: most events are for one or two of
    them. Looks at ``LOOK_AHEAD`` positions from the slowest consumer on; one that has failed is
    not waited for, and named always.
    """
    with connection.cursor() as sql:
        sql.execute(_STANDING)
        rows = [row for row in sql.fetchall() if row[0] in events.consumers]
        named = [consumer for consumer, _position, failures, _last in rows if failures]
        well = [(consumer, position) for consumer, position, failures, _ in rows if not failures]
        if not well:
            return named
        lowest = min(position for _, position in well)
        end = min(rows[0][3], lowest + LOOK_AHEAD)
        sql.execute(
            "SELECT name, max(position) FROM kernel_event"
            " WHERE position > %s AND position <= %s GROUP BY name",
            [lowest, end],
        )
        newest = dict(sql.fetchall())
        passed = []
        for consumer, position in well:
            names = events.consumers[consumer]
            if position >= end or any(newest.get(name, 0) > position for name in names):
                named.append(consumer)
            else:
                passed.append((consumer, position))
        if passed:
            sql.execute(_MOVE_PAST, [end, clock.now(), *map(list, zip(*passed, strict=True))])
    return named


_LAST = "SELECT last_position FROM kernel_relaystate WHERE id = 1"
_STANDING = """
SELECT c.consumer, c.position, c.failures, s.last_position
FROM kernel_relaystate s JOIN kernel_consumercursor c ON c.position < s.last_position
WHERE s.id = 1 ORDER BY c.consumer
"""
# Only from where it was seen: between that and the new position nothing is for the consumer.
_MOVE_PAST = """
UPDATE kernel_consumercursor c SET position = %s, updated_at = %s
FROM unnest(%s::text[], %s::bigint[]) AS seen (consumer, position)
WHERE c.consumer = seen.consumer AND c.position = seen.position AND c.failures = 0
"""


def _resting(cursor: ConsumerCursor) -> bool:
    if not cursor.failures:
        return False
    pause = BACKOFF_SECONDS[min(cursor.failures, len(BACKOFF_SECONDS)) - 1]
    return clock.now() < cursor.updated_at + dt.timedelta(seconds=pause)


def _ensure_cursor(consumer: str) -> None:
    ConsumerCursor.objects.bulk_create(
        [ConsumerCursor(consumer=consumer, updated_at=clock.now())], ignore_conflicts=True
    )


def _locked_cursor(consumer: str) -> ConsumerCursor:
    row = _locked_cursors.first(consumer)
    if row is None:
        _ensure_cursor(consumer)
        (row,) = _locked_cursors(consumer)
    return row


def _deliver(consumer: str, failed: Failed) -> int:
    """Hand on the next batch: plainly, and where a handler fails once more with care for it.

    A savepoint for each event costs as much as many a handler, and nearly none of them fails.
    """
    try:
        return _hand_on(consumer, _handle_plainly, failed)
    except _Stumbled:
        return _hand_on(consumer, _handle, failed)


class _Stumbled(Exception):  # noqa: N818 - not an error, a reason to do it with savepoints
    """A handler failed, and nothing says yet how far its batch came."""


def _hand_on(consumer: str, handle: Handle, failed: Failed) -> int:
    handlers = events.consumers[consumer]
    with transaction.atomic():
        with connection.cursor() as sql:
            # A crash loses the effects and the cursor together, and they are made again.
            sql.execute("SET LOCAL synchronous_commit = off")
        cursor = _locked_cursor(consumer)
        if cursor.failures:
            handle = _handle  # what failed just now fails again, as a rule
        last = _last_position()
        batch = _next_of(cursor.position, last, sorted(handlers))
        position = cursor.position
        deadline = time.monotonic() + DELIVER_SECONDS
        plainly = handle is _handle_plainly
        wanted = _sieved(handlers, batch) if plainly else batch
        done = len(batch) - len(wanted)
        for part in _parts(handlers, wanted, TOGETHER if plainly else 1):
            error = handle(handlers, part)
            if error is not None:
                _save(cursor, position)
                return done + int(failed(cursor, part[0], error))
            done += len(part)
            position = part[-1].position or position
            # Row locks end with the transaction, so it ends at once when a handler took some.
            if locks.holding() or time.monotonic() > deadline:
                break
        else:
            position = (batch[-1].position or last) if len(batch) == DELIVER_BATCH else last
        _save(cursor, position)
    return done


def _sieved(handlers: Handlers, batch: Sequence[StoredEvent]) -> list[StoredEvent]:
    """Leave out the events for which every handler's sieve says that there is nothing to do."""
    idle: set[int] = set()
    for name in {stored.name for stored in batch}:
        sieves = [events.sieves.get(handler) for handler in handlers[name]]
        if not all(sieves):
            continue
        try:
            several = {one.pk: events.load(one) for one in batch if one.name == name}
            kept = [one for sieve in sieves if sieve for one in sieve([*several.values()])]
        except Exception as error:
            raise _Stumbled from error
        concerned = {id(one) for one in kept}
        idle |= {pk for pk, one in several.items() if id(one) not in concerned}
    return [one for one in batch if one.pk not in idle]


def _parts(
    handlers: Handlers, batch: Sequence[StoredEvent], most: int
) -> Iterator[list[StoredEvent]]:
    """Cut a batch into what is handled at once: ``most`` events whose handlers take several, or
    one."""
    part: list[StoredEvent] = []
    for stored in batch:
        alone = not all(isinstance(one, events.Together) for one in handlers.get(stored.name, ()))
        if part and (alone or len(part) == most):
            yield part
            part = []
        part.append(stored)
        if alone:
            yield part
            part = []
    if part:
        yield part


def _handle(handlers: Handlers, part: Sequence[StoredEvent]) -> Exception | None:
    """Hand ``part`` on in a savepoint and return the error that rolled it back, if any."""
    try:
        with transaction.atomic():
            _call(handlers, part)
    except Exception as error:
        return error
    return None


def _handle_plainly(handlers: Handlers, part: Sequence[StoredEvent]) -> None:
    """Hand ``part`` on; what a handler raises ends the transaction, with all before it."""
    try:
        _call(handlers, part)
    except Exception as error:
        raise _Stumbled from error


def _call(handlers: Handlers, part: Sequence[StoredEvent]) -> None:
    if len(part) == 1:
        (stored,) = part
        event, meta = events.load(stored), events.meta_of(stored)
        with caused_by(meta.cause):
            for handler in handlers.get(stored.name, ()):
                handler(event, meta)
        return
    by_name: dict[str, list[events.Happened[Any]]] = {}
    for stored in part:
        happened = (events.load(stored), events.meta_of(stored))
        by_name.setdefault(stored.name, []).append(happened)
    for name, several in by_name.items():
        for handler in handlers[name]:
            if isinstance(handler, events.Together):
                handler.handle(several)


def _save(cursor: ConsumerCursor, position: int) -> None:
    if position == cursor.position:
        return
    cursor.position = position
    cursor.failures, cursor.last_error, cursor.updated_at = 0, "", clock.now()
    fields = ("position", "failures", "last_error", "updated_at")
    change(cursor, {}, {name: getattr(cursor, name) for name in fields})


def _note_failure(cursor: ConsumerCursor, stored: StoredEvent, error: Exception) -> bool:
    """Count a failure; park the event after the last try. Tells whether it was parked."""
    text = "".join(traceback.format_exception(error))[-8000:]
    cursor.failures += 1
    cursor.last_error = text
    cursor.updated_at = clock.now()
    parked = cursor.failures >= TRIES
    if parked:
        DeadEvent.objects.get_or_create(
            consumer=cursor.consumer,
            event=stored,
            defaults={"error": text, "created_at": clock.now()},
        )
        cursor.position = stored.position or cursor.position
        cursor.failures = 0
        logger.error(
            "event parked: consumer=%s event=%s id=%s",
            cursor.consumer,
            stored.name,
            stored.pk,
            exc_info=error,
        )
    else:
        logger.warning(
            "event failed: consumer=%s event=%s id=%s try=%s error=%r",
            cursor.consumer,
            stored.name,
            stored.pk,
            cursor.failures,
            error,
        )
    cursor.save()
    return parked


def _raise(cursor: ConsumerCursor, stored: StoredEvent, error: Exception) -> bool:
    raise error
