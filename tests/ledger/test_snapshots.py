"""Hot accounts: snapshots make balances cheap, and never skip a slow transaction's posting."""

from __future__ import annotations

import datetime as dt
import threading
import time

import pytest
from django.db import connection, transaction

from banyan.ledger import actions, jobs, proof, queries
from banyan.ledger.models import Snapshot

from .books import account, post


def _snapshot(at_least: int) -> int:
    # Ids are in milliseconds: what was booked in this very one counts as not yet settled.
    time.sleep(0.003)
    return actions.take_snapshots(at_least=at_least, margin=dt.timedelta(0))


@pytest.mark.usefixtures("threaded_db")
def test_a_balance_is_the_latest_snapshot_and_what_came_later() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    for _ in range(3):
        post((clearing, -5), (shop, 5))
    assert _snapshot(at_least=3) == 1
    post((clearing, -5), (shop, 5))
    assert Snapshot.objects.get().balance == -15
    assert queries.balance(clearing).amount == -20
    assert _snapshot(at_least=2) == 0
    assert _snapshot(at_least=1) == 1
    assert queries.balance(clearing).amount == -20
    assert proof.verify().clean


@pytest.mark.usefixtures("threaded_db")
def test_a_slow_transaction_with_an_older_posting_is_waited_for() -> None:
    clearing, gateway = account("clearing"), account("gateway")
    booked, finish = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                post((clearing, -7), (gateway, 7))
                booked.set()
                finish.wait(20)
        finally:
            connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert booked.wait(20)
    post((clearing, -5), (gateway, 5))
    # The later posting is visible and the earlier one is not: summing now would lose it.
    taken_early = _snapshot(at_least=1)
    finish.set()
    thread.join()
    assert taken_early == 0
    assert _snapshot(at_least=1) == 2
    assert queries.balance(clearing).amount == -12
    assert proof.verify().clean


@pytest.mark.usefixtures("threaded_db")
def test_the_jobs_may_run_twice() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    post((clearing, -5), (shop, 5))
    assert [jobs.snapshot_hot_accounts(0) for _ in range(2)] == [0, 0]
    assert [jobs.verify_nightly(0) for _ in range(2)] == [0, 0]
