"""Row locks under real threads: opposite orders never deadlock, waiting ends in Busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from banyan.kernel import locks
from banyan.kernel.locks import LockKey
from banyan.kernel.models import BoundedCounter, TicketPool
from banyan.kernel.problems import Busy
from tests.kernel.lockables import EARLY, LATE, lock_order
from tests.sandbox.driver import wait_for
from tests.support.threads import run_at_once, somebody_waits

pytestmark = pytest.mark.usefixtures("threaded_db")


@pytest.fixture(autouse=True)
def _order() -> Iterator[None]:
    with lock_order():
        yield


def _two_rows() -> tuple[int, int]:
    a, b = (BoundedCounter.objects.create(kind="lock", subject_id=n, cap=1000).pk for n in (1, 2))
    return a, b


def _opposite(take: object, rounds: int) -> list[object]:
    """Two actions lock the same two rows, named in opposite order, ``rounds`` times each."""
    a, b = _two_rows()
    both_hold_one = threading.Barrier(2)

    def act(first: int, second: int) -> int:
        for _ in range(rounds):
            with transaction.atomic():
                take(first, second, both_hold_one)  # type: ignore[operator]
                BoundedCounter.objects.filter(pk__in=[a, b]).update(used=1)
        return rounds

    return run_at_once(lambda: act(a, b), lambda: act(b, a))


def test_opposite_orders_never_deadlock() -> None:
    def take(first: int, second: int, barrier: threading.Barrier) -> None:
        locks.take([LockKey(EARLY, first), LockKey(EARLY, second)])

    assert _opposite(take, rounds=50) == [50, 50]


def test_negative_control_locks_taken_as_named_deadlock() -> None:
    def take(first: int, second: int, barrier: threading.Barrier) -> None:
        with connection.cursor() as cursor:
            one = "SELECT 1 FROM kernel_boundedcounter WHERE id = %s FOR NO KEY UPDATE"
            cursor.execute(one, [first])
            barrier.wait(10)
            cursor.execute(one, [second])

    results = _opposite(take, rounds=1)
    failures = [r for r in results if isinstance(r, Exception)]
    assert len(failures) == 1, results
    busy = locks.busy(failures[0])
    assert busy is not None
    assert "deadlock" in busy.detail


def test_the_order_is_refused_before_it_can_deadlock() -> None:
    """Two takes, against each other: the later, smaller one raises instead of waiting."""

    def take(first: int, second: int, barrier: threading.Barrier) -> None:
        locks.take([LockKey(EARLY, first)])
        barrier.wait(10)
        locks.take([LockKey(EARLY, second)])

    results = _opposite(take, rounds=1)
    assert sorted(type(r).__name__ for r in results) == ["LockOrderViolation", "int"]


def test_waiting_ends_in_busy_and_the_reused_action_really_locks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "TIMEOUT_MS", 150)
    key = LockKey(EARLY, _two_rows()[0])
    taken, done = threading.Event(), threading.Event()

    @transaction.atomic
    def action() -> None:
        locks.take([key])

    action()

    def holder() -> None:
        with transaction.atomic():
            locks.take([key])
            taken.set()
            assert done.wait(10)

    def waiter() -> None:
        assert taken.wait(10)
        try:
            action()
        finally:
            done.set()

    results = run_at_once(holder, waiter)
    assert results[0] is None
    assert isinstance(results[1], Busy), results
    action()


def _is_free(table: str, row_id: int) -> bool:
    """Tell, from a connection that holds nothing, whether a row could be locked at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {table} WHERE id = %s FOR NO KEY UPDATE SKIP LOCKED",
            [row_id],
        )
        return cursor.fetchone() is not None


def test_one_statement_locks_kind_after_kind_and_id_after_id() -> None:
    """Whoever waits for a row holds all rows before it in the order and none behind it."""
    counters = [
        BoundedCounter.objects.create(kind="lock", subject_id=n, cap=1).pk for n in range(3)
    ]
    pools = [
        TicketPool.objects.create(kind="lock", subject_id=n, sequence_name=f"none{n}", stock=1).pk
        for n in range(2)
    ]
    rows = [(EARLY, "kernel_boundedcounter", row) for row in counters]
    rows += [(LATE, "kernel_ticketpool", row) for row in pools]
    for blocked in range(len(rows)):
        taken, seen = threading.Event(), threading.Event()

        def holder(n: int = blocked, t: threading.Event = taken, s: threading.Event = seen) -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                _, table, row = rows[n]
                cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [row])
                t.set()
                assert s.wait(10)

        def waiter(t: threading.Event = taken) -> None:
            assert t.wait(10)
            with transaction.atomic():
                locks.take(LockKey(kind, row) for kind, _, row in reversed(rows))

        def looker(
            n: int = blocked, t: threading.Event = taken, s: threading.Event = seen
        ) -> list[bool]:
            assert t.wait(10)
            wait_for(somebody_waits)
            try:
                return [_is_free(table, row) for _, table, row in rows]
            finally:
                s.set()

        _, _, free = run_at_once(holder, waiter, looker)
        assert free == [n > blocked for n in range(len(rows))]


def test_reading_behind_waits_for_the_holder_and_reads_what_it_wrote() -> None:
    row = BoundedCounter.objects.get(pk=_two_rows()[0])
    taken = threading.Event()

    def holder() -> None:
        with transaction.atomic():
            locks.take([LockKey(EARLY, row.pk)])
            taken.set()
            wait_for(somebody_waits)
            BoundedCounter.objects.filter(pk=row.pk).update(cap=77)

    def reader() -> int:
        assert taken.wait(10)
        assert locks.read_behind(row, "id")
        return row.cap

    assert run_at_once(holder, reader) == [None, 77]
    assert _is_free("kernel_boundedcounter", row.pk)


def test_reading_behind_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "TIMEOUT_MS", 150)
    row = BoundedCounter.objects.get(pk=_two_rows()[0])
    taken, done = threading.Event(), threading.Event()

    def holder() -> None:
        with transaction.atomic():
            locks.take([LockKey(EARLY, row.pk)])
            taken.set()
            assert done.wait(10)

    def reader() -> bool:
        assert taken.wait(10)
        try:
            return locks.read_behind(row, "id")
        finally:
            done.set()

    assert isinstance(run_at_once(holder, reader)[1], Busy)


def test_a_savepoint_that_rolled_back_lets_others_in() -> None:
    """What we believe and what the server does: both say the row is free again."""
    key = LockKey(EARLY, _two_rows()[0])
    rolled_back, other_done = threading.Event(), threading.Event()

    def one() -> None:
        with transaction.atomic():
            try:
                with transaction.atomic():
                    locks.take([key])
                    raise KeyError
            except KeyError:
                pass
            assert not locks.held(key)
            rolled_back.set()
            assert other_done.wait(10)

    def other() -> None:
        assert rolled_back.wait(10)
        with transaction.atomic():
            locks.take([key])
        other_done.set()

    assert run_at_once(one, other) == [None, None]
