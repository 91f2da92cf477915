"""Row locks under real threads: opposite orders never deadlock, waiting ends in Busy."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from banyan.kernel import locks
from banyan.kernel.locks import LockKey
from banyan.kernel.models import BoundedCounter
from banyan.kernel.problems import Busy
from tests.kernel.lockables import EARLY, lock_order
from tests.support.threads import run_at_once

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
