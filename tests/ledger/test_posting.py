"""Posting a journal: what is booked, what is refused, and that saying it twice books it once."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from banyan.kernel import locks
from banyan.kernel.actors import caused_by
from banyan.kernel.locks import LockOrderViolation
from banyan.ledger import actions, proof, queries
from banyan.ledger.models import Account, Journal, Posting
from banyan.ledger.problems import BadJournal, InsufficientBalance, JournalKeyReused

from .books import account, post

pytestmark = pytest.mark.django_db


def test_an_account_is_made_once_with_the_discipline_of_its_kind() -> None:
    first, second = account("wallet"), account("wallet")
    assert first.pk == second.pk
    assert (first.discipline, first.balance) == ("guarded", 0)
    assert account("shop_payable").discipline == "open"
    assert account("gateway").discipline == "hot"


@pytest.mark.parametrize(("kind", "owner"), [("purse", "account"), ("wallet", "shop")])
def test_an_unknown_kind_or_a_wrong_owner_is_a_mistake_of_the_caller(kind: str, owner: str) -> None:
    with pytest.raises(ValueError, match="no account of kind"):
        actions.account(kind=kind, owner_kind=owner, currency="CNY")
    assert not Account.objects.exists()


def test_a_journal_moves_running_balances_and_leaves_hot_rows_alone() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    with caused_by(77):
        journal = post((clearing, -1200), (shop, 1200), memo="order A")
    clearing.refresh_from_db()
    assert clearing.balance == 0
    assert str(queries.balance(clearing)) == "-12.00 CNY"
    assert queries.balance(shop).amount == 1200
    stored = Journal.objects.get(pk=journal.pk)
    assert (stored.cause_id, stored.memo, stored.actor_kind) == (77, "order A", "system")
    assert stored.occurred_at == journal.occurred_at


def test_an_account_named_twice_in_a_journal_gets_both_amounts() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    post((clearing, -1200), (shop, 1500), (shop, -300))
    assert queries.balance(shop).amount == 1200
    assert proof.verify().clean


@pytest.mark.parametrize(
    ("amounts", "code"),
    [
        ([], "journal_empty"),
        ([5, -5, 0], "journal_zero_amount"),
        ([5, -4], "journal_unbalanced"),
    ],
)
def test_entries_that_are_no_journal_are_refused_by_code(amounts: list[int], code: str) -> None:
    shop = account("shop_payable")
    with pytest.raises(BadJournal) as refusal:
        post(*[(shop, amount) for amount in amounts])
    assert refusal.value.code == code
    assert not Journal.objects.exists()


def test_an_account_of_another_currency_is_refused_by_the_database() -> None:
    shop, foreign = account("shop_payable"), account("shop_payable", currency="USD")
    with pytest.raises(BadJournal) as refusal, transaction.atomic():
        post((shop, -5), (foreign, 5))
    assert refusal.value.code == "journal_currency"
    assert not Journal.objects.exists()


def test_an_account_that_does_not_exist_is_refused_by_the_database() -> None:
    shop = account("shop_payable")
    with pytest.raises(BadJournal), transaction.atomic():
        post((shop, -5), (Account(pk=shop.pk + 1), 5))
    assert not Posting.objects.exists()


def test_the_same_key_with_the_same_entries_returns_the_same_journal() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    first = post((clearing, -5), (shop, 5), key="capture:1")
    again = post((shop, 5), (clearing, -5), key="capture:1")
    assert again.pk == first.pk
    assert queries.balance(shop).amount == 5
    assert Posting.objects.count() == 2


@pytest.mark.parametrize("change", [{"amount": 6}, {"amount": 5, "subject_id": 2}])
def test_the_same_key_with_other_content_is_refused(change: dict[str, int]) -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    post((clearing, -5), (shop, 5), key="capture:1")
    amount = change.pop("amount")
    with pytest.raises(JournalKeyReused) as refusal, transaction.atomic():
        post((clearing, -amount), (shop, amount), key="capture:1", **change)
    assert refusal.value.code == "journal_key_reused"
    assert queries.balance(shop).amount == 5


def test_a_guarded_account_never_goes_below_zero() -> None:
    wallet, issued = account("wallet"), account("credit_issued")
    post((issued, -100), (wallet, 100))
    with pytest.raises(InsufficientBalance) as refusal, transaction.atomic():
        post((wallet, -101), (issued, 101))
    assert refusal.value.code == "insufficient_balance"
    assert queries.balance(wallet).amount == 100
    assert Journal.objects.count() == 1


def test_an_open_account_goes_below_zero_and_says_so() -> None:
    earner, shop = account("earner_payable"), account("shop_payable")
    post((earner, -300), (shop, 300))
    (line,) = queries.statement(earner)
    assert (line.amount.amount, line.balance.amount) == (-300, -300)


def test_inside_an_action_open_accounts_must_be_locked_first() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    with pytest.raises(LockOrderViolation, match="without their lock"), transaction.atomic():
        post((clearing, -5), (shop, 5))
    with transaction.atomic():
        locks.take(actions.lock_keys([clearing, shop]))
        post((clearing, -5), (shop, 5))
    assert queries.balance(shop).amount == 5


def test_journals_that_are_gathered_are_booked_by_one_statement(
    django_assert_num_queries: Any,
) -> None:
    """Given two journals over three accounts, each is booked whole, in the order posted."""
    gateway, clearing, shop = account("gateway"), account("clearing"), account("shop_payable")
    with transaction.atomic():
        locks.take(actions.lock_keys([shop]))
        with django_assert_num_queries(1), actions.together():
            post((gateway, -900), (clearing, 900), key="one")
            later = post((clearing, -900), (shop, 900), key="two")
            assert later.pk is None
    assert [balance.amount for balance in map(queries.balance, (gateway, clearing, shop))] == [
        -900,
        0,
        900,
    ]
    keys = list(Journal.objects.order_by("id").values_list("key", flat=True))
    assert keys == ["one", "two"]
    assert [Posting.objects.filter(journal__key=key).count() for key in keys] == [2, 2]
    assert proof.verify().clean


def _gather(*posted: tuple[str, Account, int, Account], locked: Sequence[Account] = ()) -> None:
    """Book, in one action, what moves from one account to another: key, source, amount, target."""
    with transaction.atomic():
        locks.take(actions.lock_keys(locked))
        with actions.together():
            for key, source, amount, target in posted:
                post((source, -amount), (target, amount), key=key)


def test_gathered_again_they_are_booked_once_and_must_say_the_same() -> None:
    """Given a journal of that key, the same words change nothing and other words are refused."""
    clearing, shop = account("clearing"), account("shop_payable")
    post((clearing, -5), (shop, 5), key="one")
    _gather(("one", clearing, 5, shop), ("two", clearing, 7, shop), locked=[shop])
    assert queries.balance(shop).amount == 12
    with pytest.raises(JournalKeyReused):
        _gather(("one", clearing, 6, shop), ("three", clearing, 8, shop), locked=[shop])
    with pytest.raises(JournalKeyReused):
        _gather(("four", clearing, 6, shop), ("four", clearing, 6, shop), locked=[shop])
    assert queries.balance(shop).amount == 12
    assert proof.verify().clean


def test_who_is_about_to_take_a_shared_row_books_what_is_gathered_first() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    actions.book_gathered()  # nothing gathers: nothing to do
    with transaction.atomic():
        locks.take(actions.lock_keys([shop]))
        with actions.together():
            post((clearing, -5), (shop, 5), key="one")
            assert not Journal.objects.exists()
            actions.book_gathered()
            assert [one.key for one in Journal.objects.all()] == ["one"]
            post((clearing, -7), (shop, 7), key="two")
            assert Journal.objects.count() == 1
    assert queries.balance(shop).amount == 12
    assert Journal.objects.count() == 2


def test_what_is_gathered_keeps_the_rules_of_a_single_journal() -> None:
    """Unlocked, below zero, crooked, outside a transaction or interrupted: nothing is booked."""
    clearing, shop, wallet = account("clearing"), account("shop_payable"), account("wallet")
    with pytest.raises(LockOrderViolation):
        _gather(("unlocked", clearing, 5, shop))
    with pytest.raises(InsufficientBalance):
        _gather(("good", clearing, 5, shop), ("bad", wallet, 5, clearing), locked=[shop, wallet])
    with pytest.raises(BadJournal):
        _gather(("good", clearing, 5, clearing), ("empty", clearing, 0, clearing))
    with pytest.raises(TransactionManagementError), actions.together():
        pass
    with transaction.atomic(), contextlib.suppress(RuntimeError), actions.together():
        post((clearing, -5), (shop, 5), key="interrupted")
        raise RuntimeError
    assert not Journal.objects.exists()
    post((clearing, -5), (shop, 5), key="alone")
    assert Journal.objects.count() == 1


def test_a_statement_pages_backwards_with_the_balance_after_each_line() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    for amount in (10, 20, 30, -5):
        post((clearing, -amount), (shop, amount))
    lines = queries.statement(shop, limit=2)
    assert [(x.amount.amount, x.balance.amount) for x in lines] == [(-5, 55), (30, 60)]
    older = queries.statement(shop, before=lines[-1].posting_id)
    assert [(x.amount.amount, x.balance.amount) for x in older] == [(20, 30), (10, 10)]
    hot = queries.statement(clearing, limit=1)
    assert [(x.amount.amount, x.balance.amount) for x in hot] == [(5, -55)]


def test_journals_are_found_by_subject() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    first = post((clearing, -5), (shop, 5), subject_id=41)
    second = post((clearing, -5), (shop, 5), subject_id=42)
    found = queries.journals_of(subject_kind="order", subject_ids=[41, 42])
    assert [j.pk for j in found] == [first.pk, second.pk]
