"""What a refund leaves below zero after a payout: paid back by bank, or let go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from banyan.catalog.models import Shop
from banyan.earnings import actions, queries
from banyan.earnings.leaving import open_earnings
from banyan.earnings.problems import NothingOwed
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Invalid, NotFound
from banyan.ledger import actions as ledger
from banyan.ledger import proof
from banyan.ledger import queries as books
from banyan.ledger.models import Account as Book
from banyan.ledger.models import Journal
from banyan.ledger.rules import Entry
from banyan.legal.actions.erasing import person_of
from banyan.notify.queries import notifications
from banyan.payments import actions as payments
from banyan.payments.models import Payout
from banyan.web.shop.earnings.words import statement_kind
from banyan.web.studio.words import money_kind
from tests.payments.fixtures import till_settings
from tests.support import factories as make

from .shop_money import TILL, draft, named, owed, refund, sold, submit

__all__ = ["till_settings"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _by_hand(till_settings: None, settings: Any) -> Iterator[None]:
    settings.PAYMENT_PROVIDERS = ["hand", *settings.PAYMENT_PROVIDERS]
    yield
    report = proof.verify()
    assert report.clean
    assert not any(report.totals.values())


def in_debt(amount: int = 4_000) -> Shop:
    """Return a shop that was paid out 100.00, of which so much went back since."""
    shop = make.shop()
    named(shop)
    order = sold(shop)
    submit(draft())
    payments.say_sent(actor=TILL, payout_id=Payout.objects.get().pk, bank_ref="B-1", reason="x")
    refund(order, amount)
    assert owed(shop) == -amount
    return shop


def book_of(shop: Shop) -> Book:
    return Book.objects.get(kind="shop_payable", owner_id=shop.pk)


def at_the_bank() -> int:
    return books.balance(Book.objects.get(kind="gateway", label="hand")).amount


def receive(shop: Shop, amount: int, key: str = "k", actor: Actor = TILL) -> None:
    actions.receive_debt(
        actor=actor, book_id=book_of(shop).pk, amount=amount, bank_ref="R-7", reason="x", key=key
    )


def test_a_debt_is_paid_in_two_parts_and_its_owner_may_leave() -> None:
    shop = in_debt()
    person = person_of(shop.owner)
    assert "shop_money" in [one.code for one in open_earnings(person)]

    receive(shop, 1_500)
    assert (owed(shop), at_the_bank()) == (-2_500, 10_000 - 1_500)
    receive(shop, 2_500, key="other")

    assert (owed(shop), at_the_bank()) == (0, 6_000)
    assert not open_earnings(person)
    [part, rest] = AuditEntry.objects.filter(action="debt.paid").order_by("id")
    assert (part.subject_kind, part.subject_id) == ("shop", shop.pk)
    assert rest.detail == {"amount": 2_500, "currency": shop.currency, "ref": "R-7"}
    told = [one.text for one in notifications(shop.owner_id)]
    assert any("25.00" in text and shop.name in text for text in told), told
    lines = queries.shop_statement(shop_id=shop.pk, currency=shop.currency)
    kinds = [money_kind(line.kind) for line in lines]
    assert kinds.count("You paid what the shop owed") == 2


def test_the_same_form_twice_books_once() -> None:
    shop = in_debt()
    receive(shop, 1_000)
    receive(shop, 1_000)
    assert owed(shop) == -3_000
    assert AuditEntry.objects.filter(action="debt.paid").count() == 1


def test_it_is_let_go_and_the_platform_bears_it() -> None:
    shop = in_debt()
    book = book_of(shop)
    for _press in range(2):
        actions.let_debt_go(actor=TILL, book_id=book.pk, reason="closed down", key="k")
    assert owed(shop) == 0
    borne = Book.objects.get(kind="adjustments", currency=shop.currency)
    assert books.balance(borne).amount == -4_000
    with pytest.raises(NothingOwed):
        actions.let_debt_go(actor=TILL, book_id=book.pk, reason="again", key="other")


def test_a_members_debt_is_theirs_to_read() -> None:
    ana = make.member()
    book = ledger.account(
        kind="earner_payable", owner_kind="account", owner_id=ana.pk, currency="CNY"
    )
    other = ledger.account(kind="adjustments", owner_kind="platform", currency="CNY")
    ledger.post(
        key="t", kind="commission.reversed", subject_kind="commission", subject_id=1, actor=TILL,
        currency="CNY", entries=[Entry(book.pk, -700), Entry(other.pk, 700)],
    )  # fmt: skip
    actions.receive_debt(
        actor=TILL, book_id=book.pk, amount=700, bank_ref="R-8", reason="x", key="k"
    )
    assert Book.objects.get(pk=book.pk).balance == 0
    assert "7.00" in notifications(ana.pk)[0].text
    assert statement_kind(Journal.objects.latest("id").kind) == "You paid what you owed"


@pytest.mark.parametrize(
    ("amount", "field"), [(0, "amount"), (-5, "amount"), (4_001, "amount")], ids=str
)
def test_no_other_amount_is_booked(amount: int, field: str) -> None:
    shop = in_debt()
    with pytest.raises(Invalid) as refused:
        receive(shop, amount)
    assert field in refused.value.fields
    assert owed(shop) == -4_000


def test_a_reference_is_wanted_and_what_is_owed_to_somebody_is_no_debt() -> None:
    shop = make.shop()
    sold(shop)
    with pytest.raises(NothingOwed):
        receive(shop, 100)
    with pytest.raises(Invalid) as refused:
        actions.receive_debt(
            actor=TILL, book_id=book_of(shop).pk, amount=1, bank_ref=" ", reason="x", key="k"
        )
    assert "bank_ref" in refused.value.fields


def test_only_finance_and_only_these_accounts() -> None:
    shop = in_debt()
    for who in (make.actor(shop.owner), Actor(kind="staff", id=5, roles=frozenset({"support"}))):
        with pytest.raises(NotFound):
            receive(shop, 100, actor=who)
    bank = Book.objects.get(kind="gateway", label="hand")
    with pytest.raises(NotFound):
        actions.let_debt_go(actor=TILL, book_id=bank.pk, reason="x", key="k")
