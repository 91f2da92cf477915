"""Sixteen spenders, one wallet, money for ten: ten succeed. Without the guard, it goes below."""

from __future__ import annotations

import itertools

import pytest
from django.db import connection, transaction

from banyan.kernel import locks
from banyan.ledger import actions, proof, queries
from banyan.ledger.models import Account, Journal
from banyan.ledger.problems import InsufficientBalance
from tests.ledger.books import account, post
from tests.support.threads import run_at_once, run_concurrently

pytestmark = pytest.mark.usefixtures("threaded_db")
SPENDERS, FUNDED = 16, 10


def _fund() -> tuple[Account, Account]:
    wallet, issued = account("wallet"), account("credit_issued")
    post((issued, -FUNDED), (wallet, FUNDED))
    return wallet, issued


def _spend(wallet: Account, issued: Account) -> None:
    with transaction.atomic():
        locks.take(actions.lock_keys([wallet]))
        post((wallet, -1), (issued, 1))


def test_sixteen_spenders_take_no_more_than_there_is() -> None:
    wallet, issued = _fund()
    results = run_concurrently(lambda: _spend(wallet, issued), SPENDERS)
    refused = [result for result in results if result is not None]
    assert len(refused) == SPENDERS - FUNDED
    assert all(isinstance(result, InsufficientBalance) for result in refused)
    assert queries.balance(wallet).amount == 0
    assert Journal.objects.count() == 1 + FUNDED
    assert proof.verify().clean


def test_without_the_outer_lock_the_posting_statement_itself_holds() -> None:
    wallet, issued = _fund()
    results = run_concurrently(lambda: post((wallet, -1), (issued, 1)), SPENDERS)
    assert sum(isinstance(result, InsufficientBalance) for result in results) == SPENDERS - FUNDED
    assert queries.balance(wallet).amount == 0
    assert proof.verify().clean


GUARD = "ledger_account_guarded"


def test_negative_control_without_the_check_the_wallet_goes_below_zero() -> None:
    wallet, issued = _fund()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [GUARD]
        )
        (definition,) = cursor.fetchone()
        cursor.execute(f"ALTER TABLE ledger_account DROP CONSTRAINT {GUARD}")
    try:
        run_concurrently(lambda: _spend(wallet, issued), SPENDERS)
        assert queries.balance(wallet).amount == FUNDED - SPENDERS
        assert "guarded_below_zero" in {drift.kind for drift in proof.verify().drifts}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_account SET balance = 0")
            cursor.execute(f"ALTER TABLE ledger_account ADD CONSTRAINT {GUARD} {definition}")


def test_one_key_told_by_sixteen_at_once_is_one_journal() -> None:
    wallet, issued = _fund()
    calls = [lambda: post((wallet, -1), (issued, 1), key="capture:1")] * SPENDERS
    ids = {journal.pk for journal in run_at_once(*calls)}
    assert len(ids) == 1
    assert queries.balance(wallet).amount == FUNDED - 1


def test_journals_that_name_accounts_in_opposite_order_do_not_deadlock() -> None:
    shops = [account("shop_payable", owner) for owner in range(1, 7)]
    hot = account("clearing")
    turn = itertools.count()

    def book() -> None:
        order = shops if next(turn) % 2 else shops[::-1]
        for _ in range(5):
            post((hot, -len(order)), *[(shop, 1) for shop in order])

    assert run_concurrently(book, 8) == [None] * 8
    assert [queries.balance(shop).amount for shop in shops] == [40] * 6
    assert proof.verify().clean
