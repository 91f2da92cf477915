"""Publication order under real concurrency: nothing is skipped, doubled or numbered with gaps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from banyan.kernel import events, relay
from banyan.kernel.models import ConsumerCursor, DeadEvent, Flag, StoredEvent
from tests.kernel.probes import TESTER, Probed, emit, listening
from tests.support.threads import run_at_once

pytestmark = pytest.mark.usefixtures("threaded_db")


def _slow_then_fast(between: object) -> None:
    """Commit a larger id first: the slow transaction emits, waits for the fast one, commits."""
    emitted, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            events.emit(Probed(probe_id=1, note="slow"), actor=TESTER)
            emitted.set()
            assert may_commit.wait(20)

    def fast() -> None:
        assert emitted.wait(20)
        emit(2, "fast")
        between()  # type: ignore[operator]
        may_commit.set()

    for result in run_at_once(slow, fast):
        assert result is None, result


def test_a_slow_transaction_is_never_skipped() -> None:
    seen: list[str] = []
    with listening("c", lambda event, meta: seen.append(event.note)):
        _slow_then_fast(relay.drain)
        assert seen == ["fast"]
        relay.drain()
    assert seen == ["fast", "slow"]
    by_position = StoredEvent.objects.order_by("position")
    assert [row.position for row in by_position] == [1, 2]
    assert by_position[0].pk > by_position[1].pk, "the race did not happen"


def test_negative_control_following_ids_skips_the_slow_transaction() -> None:
    seen: list[int] = []
    last_id = 0

    def follow_ids() -> None:
        nonlocal last_id
        for row in StoredEvent.objects.filter(pk__gt=last_id).order_by("pk"):
            seen.append(row.subject_id)
            last_id = row.pk

    _slow_then_fast(follow_ids)
    follow_ids()
    assert seen == [2], "a follower of ids should have lost event 1"


def test_two_publishers_and_many_writers_leave_no_gap_and_no_double() -> None:
    writers_done = threading.Event()

    def write() -> None:
        for n in range(40):
            emit(n)

    def publish() -> None:
        while not writers_done.is_set():
            relay.publish_once()

    def watch() -> None:
        write()
        time.sleep(0.05)
        writers_done.set()

    for result in run_at_once(publish, publish, write, write, watch):
        assert result is None, result
    while relay.publish_once():
        pass
    positions = list(StoredEvent.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, 121))


def test_two_deliverers_hand_out_every_event_once() -> None:
    seen: list[int] = []
    for n in range(60):
        emit(n)
    relay.publish_once()

    def deliver() -> None:
        while relay.deliver_once("c"):
            pass

    with listening("c", lambda event, meta: seen.append(event.probe_id)):
        run_at_once(deliver, deliver)
    assert seen == list(range(60))


def test_the_loop_delivers_soon_and_a_second_loop_waits_in_line() -> None:
    stop = threading.Event()
    heard = threading.Event()
    delays: list[float] = []
    started = 0.0

    def handle(event: Probed, meta: events.Meta) -> None:
        delays.append(time.monotonic() - started)
        heard.set()

    def loop() -> None:
        try:
            relay.run(stop)
        finally:
            connection.close()

    with listening("c", handle):
        threads = [threading.Thread(target=loop) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for n in range(10):
                heard.clear()
                started = time.monotonic()
                emit(n)
                assert heard.wait(60)
        finally:
            stop.set()
            for thread in threads:
                thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert len(delays) == 10
    # Each is sent once the one before has come, so each waits a whole round; those that a busy
    # machine did not hold up tell how long one is.
    assert sorted(delays)[2] < 0.3, delays
    assert ConsumerCursor.objects.get(consumer="c").position == 10
    _assert_no_leader_left()


def test_a_relay_cut_off_in_the_middle_delivers_every_event_once() -> None:
    """Every connection of the loop is killed again and again while events pour in."""
    stop = threading.Event()
    starts: list[BaseException | None] = []

    def handle(event: Probed, meta: events.Meta) -> None:
        Flag.objects.create(name=str(event.probe_id))

    def loop() -> None:
        try:
            while not stop.is_set():
                try:
                    relay.run(stop)
                except (DatabaseError, psycopg.Error) as error:
                    starts.append(error)
                finally:
                    connection.close()
        finally:
            connection.close()

    with listening("c", handle):
        thread = threading.Thread(target=loop)
        thread.start()
        try:
            for n in range(120):
                emit(n)
                if n % 40 == 20:
                    time.sleep(0.3)
                    _kill_others()
            _until(lambda: Flag.objects.count() == 120)
        finally:
            stop.set()
            thread.join(60)
    assert not thread.is_alive()
    assert starts, "the loop was never cut off"
    assert ConsumerCursor.objects.get(consumer="c").position == 120
    assert not DeadEvent.objects.exists()


def _kill_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)


def _assert_no_leader_left() -> None:
    with connection.cursor() as cursor:
        # The server lets go of a session a moment after its client has; not ten seconds after.
        until = time.monotonic() + 10
        free = False
        while not free and time.monotonic() < until:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [relay.LEADER_KEY])
            free = cursor.fetchone()[0]
        assert free
        cursor.execute("SELECT pg_advisory_unlock(%s)", [relay.LEADER_KEY])


def test_emit_does_not_notify() -> None:
    listener = connection.copy()
    with listener.cursor() as cursor:
        cursor.execute(f"LISTEN {relay.CHANNEL}")
    emit(1)
    assert list(listener.connection.notifies(timeout=0.2)) == []
    relay.publish_once()
    heard = list(listener.connection.notifies(timeout=60, stop_after=1))
    listener.close()
    assert [note.payload for note in heard] == ["1"]
