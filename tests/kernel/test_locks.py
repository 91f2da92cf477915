"""The locking contract: one order, once, known exactly, given back by savepoints."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg import errors as pg

from banyan.kernel import locks
from banyan.kernel.locks import LockKey, LockOrderViolation
from banyan.kernel.models import BoundedCounter
from banyan.kernel.problems import Busy

from .lockables import EARLY, LATE, lock_order

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _order() -> Iterator[None]:
    with lock_order():
        yield


def _row(subject_id: int = 1) -> int:
    row = BoundedCounter.objects.create(kind="lock", subject_id=subject_id, cap=1)
    return row.pk


def test_take_locks_in_order_with_one_message_and_skips_what_it_holds() -> None:
    first, second = _row(1), _row(2)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        locks.take([LockKey(LATE, 5), LockKey(EARLY, second), LockKey(EARLY, first)])
        locks.take([LockKey(EARLY, first)])
    assert len(queries) == 1
    sql = queries[0]["sql"]
    assert sql.index(f"{first}, {second}") < sql.index("kernel_ticketpool")
    assert "FOR NO KEY UPDATE" in sql


def test_an_earlier_kind_after_a_later_one_is_refused() -> None:
    with transaction.atomic():
        locks.take([LockKey(LATE, 1)])
        with pytest.raises(LockOrderViolation, match="asked for after"):
            locks.take([LockKey(EARLY, 1)])


def test_a_smaller_id_of_the_same_kind_afterwards_is_refused() -> None:
    with transaction.atomic():
        locks.take([LockKey(EARLY, 5)])
        locks.take([LockKey(EARLY, 6)])
        with pytest.raises(LockOrderViolation):
            locks.take([LockKey(EARLY, 4)])


def test_a_row_is_locked_and_read_again_by_one_message() -> None:
    """Given an old copy of a row, taking it brings the copy up to date; held, it is only read."""
    old = BoundedCounter.objects.get(pk=_row(1))
    BoundedCounter.objects.filter(pk=old.pk).update(cap=7)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        locks.take_reading(EARLY, old)
        assert locks.held(LockKey(EARLY, old.pk))
        assert old.cap == 7
        BoundedCounter.objects.filter(pk=old.pk).update(cap=9)
        locks.take_reading(EARLY, old)
        assert old.cap == 9
    locking = [query["sql"] for query in queries if "FOR NO KEY UPDATE" in query["sql"]]
    assert len(queries) == 3
    assert len(locking) == 1


def test_reading_a_row_under_its_lock_keeps_the_rules_of_taking() -> None:
    """Out of order, of another table, outside an action or gone: refused, and nothing is held."""
    row = BoundedCounter.objects.get(pk=_row(1))
    with transaction.atomic():
        with pytest.raises(ValueError, match="locks rows of"):
            locks.take_reading(LATE, row)
        locks.take([LockKey(LATE, 1)])
        with pytest.raises(LockOrderViolation, match="asked for after"):
            locks.take_reading(EARLY, row)
    with pytest.raises(LockOrderViolation, match="inside the transaction"):
        locks.take_reading(EARLY, row)
    BoundedCounter.objects.filter(pk=row.pk).delete()
    with transaction.atomic():
        with pytest.raises(BoundedCounter.DoesNotExist):
            locks.take_reading(EARLY, row)
        assert not locks.holding()


def test_what_was_read_for_the_locks_is_kept_until_the_transaction_ends() -> None:
    """Given something kept, it is found by kind and id; a savepoint takes back what came in it."""
    locks.keep("seen", 1, "nobody's")
    with transaction.atomic():
        assert locks.kept("seen", 1) is None
        locks.keep("seen", 1, "first")
        with contextlib.suppress(RuntimeError), transaction.atomic():
            locks.keep("seen", 1, "second")
            assert locks.kept("seen", 1) == "second"
            raise RuntimeError
        assert locks.kept("seen", 1) == "first"
        assert locks.kept("seen", 2) is None
        assert not locks.holding()
    with transaction.atomic():
        assert locks.kept("seen", 1) is None


def test_outside_an_action_there_are_no_locks() -> None:
    with pytest.raises(LockOrderViolation, match="inside the transaction"):
        locks.take([LockKey(EARLY, 1)])
    assert not locks.held(LockKey(EARLY, 1))
    assert not locks.holding()


def test_postponed_keys_are_locked_together_later_and_only_once() -> None:
    first, second = _row(1), _row(2)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        locks.postpone([LockKey(LATE, 5), LockKey(EARLY, second)])
        locks.postpone([LockKey(EARLY, first)])
        assert not locks.holding()
        locks.take_postponed()
        locks.take_postponed()
        locks.require(LockKey(EARLY, first), LockKey(EARLY, second), LockKey(LATE, 5))
    assert len(queries) == 1


def test_what_was_postponed_before_a_savepoint_is_still_known_after_it_rolled_back() -> None:
    key, other = LockKey(EARLY, _row(1)), LockKey(EARLY, _row(2))
    with transaction.atomic():
        locks.postpone([key])
        with transaction.atomic():
            locks.postpone([other])
            locks.take_postponed()
            transaction.set_rollback(True)
        assert not locks.holding()
        locks.take_postponed()
        assert locks.held(key)
        assert not locks.held(other)


def test_nothing_is_postponed_into_the_next_action() -> None:
    key = LockKey(EARLY, _row())
    with transaction.atomic():
        locks.postpone([key])
    with transaction.atomic():
        locks.take_postponed()
        assert not locks.holding()
    with pytest.raises(LockOrderViolation, match="inside the transaction"):
        locks.postpone([key])


def test_who_finds_more_to_lock_behind_the_locks_is_told_to_try_again() -> None:
    with transaction.atomic():
        locks.take([LockKey(EARLY, 5), LockKey(LATE, 1)])
        locks.check_again([LockKey(LATE, 1), LockKey(EARLY, 5)])
        with pytest.raises(Busy, match="more to lock"):
            locks.check_again([LockKey(EARLY, 4), LockKey(EARLY, 5)])
        assert not locks.held(LockKey(EARLY, 4))


def test_a_row_that_a_statement_locked_has_its_place_in_the_order() -> None:
    """It is held from then on; before what was held, and together with others, it is refused."""
    locks.locked_by_statement([LockKey(EARLY, 2), LockKey(EARLY, 1)])  # transactions of their own
    with transaction.atomic():
        locks.take([LockKey(EARLY, 5)])
        locks.locked_by_statement([LockKey(EARLY, 5), LockKey(EARLY, 6)])
        assert locks.held(LockKey(EARLY, 6))
        with pytest.raises(LockOrderViolation, match="asked for after"):
            locks.locked_by_statement([LockKey(EARLY, 4)])
        with pytest.raises(LockOrderViolation, match="in no order"):
            locks.locked_by_statement([LockKey(EARLY, 7), LockKey(LATE, 1)])


def test_require_names_what_is_missing() -> None:
    with transaction.atomic():
        locks.take([LockKey(EARLY, 1)])
        locks.require(LockKey(EARLY, 1))
        with pytest.raises(LockOrderViolation, match=r"not locked.*late"):
            locks.require(LockKey(EARLY, 1), LockKey(LATE, 1))


def test_a_reused_decorator_starts_with_nothing_held() -> None:
    key = LockKey(EARLY, _row())

    @transaction.atomic
    def action() -> bool:
        held_before = locks.held(key)
        locks.take([key])
        assert locks.held(key)
        return held_before

    assert [action(), action()] == [False, False]


def test_the_next_action_of_the_same_test_may_begin_with_an_earlier_kind() -> None:
    with transaction.atomic():
        locks.take([LockKey(LATE, 1)])
    with transaction.atomic():
        locks.take([LockKey(EARLY, 1)])
        assert not locks.held(LockKey(LATE, 1))


def test_a_rolled_back_savepoint_gives_its_locks_back() -> None:
    outer, inner = LockKey(EARLY, _row(1)), LockKey(EARLY, _row(2))

    @transaction.atomic
    def fail() -> None:
        locks.take([inner])
        raise RuntimeError("no")

    with transaction.atomic():
        locks.take([outer])
        with pytest.raises(RuntimeError, match="no"):
            fail()
        assert locks.held(outer)
        assert not locks.held(inner)
        with transaction.atomic():
            locks.take([inner])
        assert locks.held(inner), "a released savepoint keeps its locks"


def test_the_time_out_does_not_outlive_the_action() -> None:
    """It is there while the action may wait, and gone with it, also where it was rolled back."""
    with connection.cursor() as cursor:

        def timeout() -> str:
            cursor.execute("SHOW lock_timeout")
            return str(cursor.fetchone()[0])

        before = timeout()
        with contextlib.suppress(RuntimeError), transaction.atomic():
            locks.take([LockKey(EARLY, 1)])
            assert timeout() == "4s"
            raise RuntimeError
        assert timeout() == before


def test_many_rows_of_a_kind_are_locked_too() -> None:
    """More than fit as parameters: the same statement, and the same order."""
    rows = [_row(n) for n in range(60)]
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        locks.take(LockKey(EARLY, row) for row in rows)
        assert locks.held(LockKey(EARLY, rows[-1]))
    assert ", ".join(map(str, sorted(rows))) in queries[0]["sql"]


def test_reading_behind_others_reads_by_any_unique_field_and_keeps_nothing() -> None:
    row = BoundedCounter.objects.get(pk=_row(1))
    BoundedCounter.objects.filter(pk=row.pk).update(cap=7)
    assert locks.read_behind(row, "id")
    assert (row.cap, locks.holding()) == (7, False)
    BoundedCounter.objects.filter(pk=row.pk).delete()
    assert not locks.read_behind(row, "id")
    with transaction.atomic(), pytest.raises(LockOrderViolation, match="take it"):
        locks.read_behind(row, "id")


def test_unknown_kinds_and_double_places_are_errors() -> None:
    with transaction.atomic(), pytest.raises(KeyError):
        locks.take([LockKey("nonsense", 1)])
    with pytest.raises(ValueError, match="one place"):
        locks.configure([("a", "t"), ("b", "t")])


def test_only_lock_failures_are_busy() -> None:
    error = OperationalError("x")
    error.__cause__ = pg.LockNotAvailable()
    problem = locks.busy(error)
    assert problem is not None
    assert (problem.code, problem.status, problem.retry_after) == ("busy", 503, 1)
    assert locks.busy(OperationalError("server closed the connection")) is None
