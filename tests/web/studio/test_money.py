"""The merchant's money: what is owed, the statement, its file, and who may see them."""

from __future__ import annotations

import ast
import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import banyan
from banyan.catalog.models import ShopStaff
from banyan.earnings import queries
from banyan.earnings.actions.payees import SHOPS
from banyan.earnings.models import Commission
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.ledger import actions as ledger
from banyan.ledger.models import Journal, Posting
from banyan.ledger.rules import Entry
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments import providers
from banyan.payments.models import ConnectedAccount, PaymentRequest
from banyan.payments.providers.stripe.provider import StripeProvider
from banyan.people.models import Account
from banyan.web import statements
from banyan.web.studio.words import money_kind
from tests.market import deals
from tests.payments.till import balance
from tests.support import factories as make

from .scene import Scene, client, scene

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
JUNE = dt.datetime(2026, 6, 1, 0, 5, tzinfo=dt.UTC)


def url(at: Scene, name: str = "studio_money", query: str = "") -> str:
    return reverse(name, args=[at.shop.slug]) + query


def page(at: Scene, query: str = "") -> str:
    answer = client(at.owner).get(url(at, query=query))
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def file(at: Scene, query: str) -> list[dict[str, Any]]:
    answer = client(at.owner).get(url(at, "studio_money_export", query))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("\ufeff"), "so that spreadsheets read Chinese"
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def hired(at: Scene, role: str) -> Account:
    somebody = make.member()
    ShopStaff.objects.create(shop=at.shop, account=somebody, role=role, created_at=clock.now())
    return somebody


def received(at: Scene) -> Order:
    orders.ship(actor=make.actor(at.owner), order_id=at.order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(at.buyer), order_id=at.order.pk)
    return Order.objects.get(pk=at.order.pk)


def asked_payment(at: Scene, note: str, currency: str = "CNY", paid: int = 700) -> PaymentRequest:
    """A request that was paid, booked as its payment does it."""
    request = payments.ask_for_payment(
        actor=make.actor(at.owner),
        payee_kind="shop",
        payee_id=at.shop.pk,
        amount=Money(paid, currency),
        note=note,
        good_for=DAY,
    )
    shop = ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=at.shop.pk, currency=currency
    )
    clearing = ledger.account(kind="clearing", owner_kind="platform", currency=currency)
    ledger.post(
        key=f"payment_request:{request.pk}:paid",
        kind="payment_request.paid",
        subject_kind="payment_request",
        subject_id=request.pk,
        entries=[Entry(clearing.pk, -paid), Entry(shop.pk, paid)],
        currency=currency,
        actor=make.actor(at.owner),
        memo=note,
    )
    return request


def test_what_is_owed_is_the_balance_and_tells_what_is_over() -> None:
    at = scene(price=10_000)
    [before] = queries.shop_standings(at.shop.pk)
    assert before.owed.amount == balance("shop_payable", owner_id=at.shop.pk) == 9_000
    assert (before.waiting.amount, before.over.amount) == (9_000, 0)

    received(at)
    [after] = queries.shop_standings(at.shop.pk)
    assert (after.owed.amount, after.waiting.amount, after.over.amount) == (9_000, 0, 9_000)

    orders.ask_refund(
        actor=make.actor(at.buyer), order_id=at.order.pk, amount=500, reason="dent", key="ask"
    )
    [asked] = queries.shop_standings(at.shop.pk)
    assert (asked.waiting.amount, asked.over.amount) == (9_000, 0)

    asked_payment(at, "Repair")
    [more] = queries.shop_standings(at.shop.pk)
    assert (more.owed.amount, more.waiting.amount, more.over.amount) == (9_700, 9_000, 700)
    shown = page(at)
    assert "97.00" in shown
    assert "90.00" in shown
    assert "Repair" in shown


def test_lines_say_what_they_are_and_add_up_to_the_balance() -> None:
    at = scene(price=10_000)
    orders.grant_refund(
        actor=make.actor(at.owner), order_id=at.order.pk, amount=5_000, reason="dent", key="r"
    )
    told = [(row["what"], row["order"], row["amount"]) for row in file(at, "?currency=CNY")]
    assert told == [
        ("Sale", at.order.number, "100.00"),
        ("Commission set aside", at.order.number, "-10.00"),
        ("Refund", at.order.number, "-50.00"),
        ("Commission back after a refund", at.order.number, "5.00"),
    ]
    lines = queries.shop_statement(shop_id=at.shop.pk, currency="CNY")
    owed = balance("shop_payable", owner_id=at.shop.pk)
    assert sum(line.amount.amount for line in lines) == lines[-1].balance.amount == owed
    shown = page(at)
    for what, number, _amount in told:
        assert what in shown
        assert number in shown
    assert reverse("studio_order", args=[at.shop.slug, at.order.pk]) in shown


def test_months_are_of_utc_and_carry_over() -> None:
    with clock.at(JUNE - DAY):
        at = scene(price=10_000)
    with clock.at(JUNE):
        orders.grant_refund(
            actor=make.actor(at.owner), order_id=at.order.pk, amount=5_000, reason="d", key="r"
        )
    assert at.shop.timezone != "UTC", "the month is not the shop's"
    june = page(at)
    assert "<h2>June 2026</h2>" in june, "the latest, where none is chosen"
    assert "Months and times are in UTC." in june
    assert "<h2>May 2026</h2>" in page(at, "?currency=CNY&month=2026-05")
    assert [row["balance"] for row in file(at, "?currency=CNY&month=2026-05")] == [
        "100.00",
        "90.00",
    ]
    assert [row["balance"] for row in file(at, "?currency=CNY&month=2026-06")] == ["40.00", "45.00"]
    assert len(file(at, "?currency=CNY")) == 4
    for query in ("?currency=CNY&month=2026-04", "?currency=EUR", "?currency=CNY&month=now"):
        for name in ("studio_money", "studio_money_export"):
            assert client(at.owner).get(url(at, name, query)).status_code == 404, query


def test_a_long_month_goes_on_in_pages_and_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statements, "PAGE", 2)
    at = scene(price=10_000)
    for number in range(3):
        asked_payment(at, f"Note {number}")
    first = page(at)
    assert "At the end" not in first
    assert "Note 0" not in first
    further = [part for part in re.findall(r'href="([^"]+)"', first) if "from=2" in part]
    assert further
    second = client(at.owner).get(further[0].replace("&amp;", "&")).content.decode()
    assert "Note 0" in second
    assert "Note 1" in second
    carried = second.partition("Carried over")[2].partition("</tr>")[0]
    assert "90.00" in carried
    third = page(at, "?from=4")
    assert "At the end" in third
    assert "Note 2" in third
    assert client(at.owner).get(url(at, query="?from=5")).status_code == 404
    assert len(file(at, "?currency=CNY")) == 5, "a file is whole"


def test_what_a_member_sells_is_in_their_own_statement() -> None:
    shop = deals.listing().product.shop
    shown = client(shop.owner).get(reverse("studio_money", args=[shop.slug])).content.decode()
    assert "your own statement" in shown
    assert f'href="{reverse("statement")}"' in shown


def test_two_currencies_are_two_statements() -> None:
    at = scene(price=10_000)
    asked_payment(at, "Abroad", "EUR", 2_500)
    both = {one.currency: one.owed.amount for one in queries.shop_standings(at.shop.pk)}
    assert both == {"CNY": 9_000, "EUR": 2_500}
    assert "Abroad" not in page(at, "?currency=CNY")
    assert "Abroad" in page(at, "?currency=EUR")
    assert [row["amount"] for row in file(at, "?currency=EUR")] == ["25.00"]


def test_a_note_like_a_formula_stays_text_in_the_file() -> None:
    at = scene()
    asked_payment(at, "=1+1")
    assert file(at, "?currency=CNY")[-1]["note"] == "'=1+1"


def test_a_shop_without_a_line_is_told_so() -> None:
    shop = make.shop()
    answer = client(shop.owner).get(reverse("studio_money", args=[shop.slug]))
    assert answer.status_code == 200
    assert "No money came in yet" in answer.content.decode()
    empty = client(shop.owner).get(
        reverse("studio_money_export", args=[shop.slug]) + "?currency=CNY"
    )
    assert empty.status_code == 404


def test_it_is_for_managers_of_the_shop() -> None:
    at = scene()
    make.shop(at.stranger)
    fold = "What the shop gets of it"
    order = reverse("studio_order", args=[at.shop.slug, at.order.pk])
    for who, status in (
        (hired(at, "manager"), 200),
        (hired(at, "clerk"), 404),
        (at.stranger, 404),
        (at.sharer, 404),
    ):
        for name in ("studio_money", "studio_money_export"):
            assert client(who).get(url(at, name, "?currency=CNY")).status_code == status, name
    clerk = client(hired(at, "clerk"))
    assert url(at) not in clerk.get(order).content.decode(), "no door that does not open"
    assert fold not in clerk.get(order).content.decode()
    assert fold in client(at.owner).get(order).content.decode()
    assert client().get(url(at))["Location"].startswith("/login?next=")


def test_statements_of_the_page_do_not_grow_with_its_lines() -> None:
    at = scene()
    browser = client(at.owner)

    def count() -> int:
        browser.get(url(at))
        with CaptureQueriesContext(connection) as seen:
            browser.get(url(at))
        return len(seen)

    few = count()
    for _each in range(4):
        make.pay(make.place((at.item, 1), buyer=at.buyer, via=at.link.code))
    assert count() == few


def test_a_shop_with_an_account_of_its_own_is_told_where_the_money_goes(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = scene()
    settings.STRIPE_CONNECT = True
    monkeypatch.setattr(providers, "enabled", lambda: [StripeProvider()])
    assert "goes to your own account" not in page(at)
    ConnectedAccount.objects.create(
        owner_kind="shop",
        owner_id=at.shop.pk,
        provider="stripe",
        account="acct_1",
        connected_at=clock.now(),
    )
    shown = page(at)
    assert "goes to your own account" in shown
    assert reverse("studio_payments", args=[at.shop.slug]) in shown


def test_the_orders_fold_adds_up_and_leads_to_each_commission() -> None:
    at = scene(price=10_000)
    orders.grant_refund(
        actor=make.actor(at.owner), order_id=at.order.pk, amount=5_000, reason="dent", key="r"
    )
    address = reverse("studio_order", args=[at.shop.slug, at.order.pk])
    shown = client(at.owner).get(address).content.decode()
    fold = shown.partition('id="due"')[2].partition("</details>")[0]
    for sum_ in ("100.00", "50.00", "5.00", "45.00"):
        assert sum_ in fold, sum_
    assert reverse("earning", args=[Commission.objects.get(order=at.order).pk]) in fold
    assert url(at) in fold
    assert_all_have_words()


# -- every kind has a word ------------------------------------------------------------------------

ELSEWHERE = {
    "campaign.beacon",
    "chargeback.given_back",
    "chargeback.taken",
    "commission.payable",
    "escrow.released",
    "payment.captured",
    "payout.paid",
    "refund.succeeded",
    "wallet.credit",
}
"""Kinds of journals that never touch what a shop is owed."""

KIND = re.compile(r"^[a-z_]+\.[a-z_]+$")
POSTS = {"post", "_post", "reverse_share"}


def kinds_posted() -> Iterator[str]:
    """Return every kind that the code names where it posts."""
    for path in Path(banyan.__file__).parent.rglob("*.py"):
        text = path.read_text()
        if "ledger" not in text:
            continue
        for call in ast.walk(ast.parse(text)):
            if not isinstance(call, ast.Call):
                continue
            name = getattr(call.func, "attr", getattr(call.func, "id", ""))
            if name in POSTS:
                given = [*call.args, *(one.value for one in call.keywords)]
                parts = [part for one in given for part in ast.walk(one)]
                texts = [one.value for one in parts if isinstance(one, ast.Constant)]
                yield from (one for one in texts if isinstance(one, str) and KIND.match(one))


def test_every_kind_that_is_posted_has_a_word_or_is_known_to_be_none_of_the_shops() -> None:
    kinds = set(kinds_posted()) | set(SHOPS.kinds.values())
    assert {"order.paid", "payout.returned", "campaign.perk_back", "chargeback.borne"} <= kinds
    unknown = {kind for kind in kinds - ELSEWHERE if money_kind(kind) == kind}
    assert unknown == set(), "give it a word in studio/words.py, or say here that it is none"


def assert_all_have_words() -> None:
    kinds = Journal.objects.filter(
        pk__in=Posting.objects.filter(account__kind="shop_payable").values("journal_id")
    )
    told = set(kinds.values_list("kind", flat=True))
    assert {kind for kind in told if money_kind(kind) == kind} == set()
    assert not told & ELSEWHERE
