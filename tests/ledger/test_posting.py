"""Posting a journal: what is booked, what is refused, and that saying it twice books it once."""

from __future__ import annotations

import pytest
from django.db import transaction

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


def test_journals_are_found_by_subject_and_by_cause() -> None:
    clearing, shop = account("clearing"), account("shop_payable")
    with caused_by(9):
        first = post((clearing, -5), (shop, 5), subject_id=41)
    second = post((clearing, -5), (shop, 5), subject_id=42)
    found = queries.journals_of(subject_kind="order", subject_ids=[41, 42])
    assert [j.pk for j in found] == [first.pk, second.pk]
    assert [j.pk for j in queries.journals_of_cause(9)] == [first.pk]
