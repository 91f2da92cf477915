"""A large journal is one statement and one trigger call: fast, and linear in its size."""

from __future__ import annotations

import time

from django.db import transaction

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


def test_a_journal_of_4000_postings_commits_in_under_a_second(threaded_db: None) -> None:
    assert _seconds_for(4000) < 1
    assert proof.verify().clean


def test_the_cost_of_a_journal_grows_with_its_size_and_no_faster(threaded_db: None) -> None:
    _seconds_for(100)
    small = min(_seconds_for(1000) for _ in range(3))
    large = min(_seconds_for(8000) for _ in range(3))
    # Quadratic would be 64 times; twice linear leaves room for a busy machine.
    assert large < 24 * small
