"""A large journal is one statement and one trigger call: fast, and linear in its size."""

from __future__ import annotations

import time

from django.db import connection, transaction

from banyan.kernel import locks
from banyan.ledger import actions, proof
from banyan.ledger.rules import Entry

from .books import TESTER, account


def _seconds_for(postings: int) -> float:
    clearing, shop = account("clearing"), account("shop_payable")
    entries = [Entry(shop.pk, 1)] * (postings // 2) + [Entry(clearing.pk, -1)] * (postings // 2)
    began = time.perf_counter()
    with transaction.atomic():
        locks.take(actions.lock_keys([shop]))
        actions.post(
            key=f"big:{postings}:{began}",
            kind="test",
            subject_kind="order",
            subject_id=1,
            entries=entries,
            currency="CNY",
            actor=TESTER,
        )
    return time.perf_counter() - began


def test_the_cost_of_a_journal_grows_with_its_size_and_no_faster(threaded_db: None) -> None:
    _seconds_for(100)
    small = min(_seconds_for(1000) for _ in range(3))
    large = min(_seconds_for(8000) for _ in range(3))
    # Quadratic would be 64 times; thrice linear leaves room for a busy machine.
    assert large < 24 * small
    assert proof.verify().clean


_EACH_ROW = """
CREATE FUNCTION test_zero_sum_by_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT sum(amount) FROM ledger_posting WHERE journal_id = NEW.journal_id) <> 0 THEN
    RAISE EXCEPTION 'not zero';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER test_each_row AFTER INSERT ON ledger_posting
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION test_zero_sum_by_row()
"""


def test_negative_control_a_trigger_for_each_row_is_many_times_slower(threaded_db: None) -> None:
    """What the statement trigger saves: every row would sum all rows again."""
    plain = min(_seconds_for(4000) for _ in range(2))
    with connection.cursor() as cursor:
        cursor.execute(_EACH_ROW)
    try:
        slow = _seconds_for(4000)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER test_each_row ON ledger_posting")
            cursor.execute("DROP FUNCTION test_zero_sum_by_row()")
    assert slow > 3 * plain
