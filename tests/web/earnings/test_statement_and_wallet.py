"""The earner's statement, month by month, and the wallet: every line says what it was for."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.earnings import actions as earnings
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments.models import Intent, Payout
from banyan.people.models import Account
from tests.earnings import story
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db
MAY = dt.datetime(2026, 5, 31, 12, tzinfo=dt.UTC)
LAST_MONTH = "?currency=CNY&month=9999-12"
JUNE = dt.datetime(2026, 6, 1, 0, 5, tzinfo=dt.UTC)


def page(account: Account, name: str, query: str = "") -> str:
    answer = client(account).get(reverse(name) + query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def sold_by(ana: Account, price: int = 10_000, *, when: dt.datetime) -> Order:
    """Return an order through Ana's link that became payable at ``when``."""
    shop = story.shop()
    story.plan(shop, rate_bps=1_000)
    item = story.variant(shop, price=price)
    with clock.at(when - dt.timedelta(days=91)):
        order = story.received(story.paid(story.placed((item, 1), via=story.chain(item, ana))))
    with clock.at(when):
        earnings.release_due(actor=story.SYSTEM)
    return order


def rows(account: Account, query: str) -> list[dict[str, Any]]:
    answer = client(account).get(reverse("statement_export") + query)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.content.decode()
    assert text.startswith("\ufeff"), "so that spreadsheets read Chinese"
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_month_carries_over_what_the_months_before_left() -> None:
    ana = story.member("ana")
    first = sold_by(ana, when=MAY)
    second = sold_by(ana, 5_000, when=JUNE)
    with clock.at(JUNE + dt.timedelta(days=1)):
        story.refund_all(first)

    june = page(ana, "statement", "?currency=CNY&month=2026-06")
    assert "June 2026" in june
    assert reverse("earning", args=[story.only(second).pk]) in june
    assert reverse("earning", args=[story.only(first).pk]) in june, "the refund was in June"
    assert first.number in june
    assert "<h2>June 2026</h2>" in page(ana, "statement"), "the latest, where none is chosen"
    may = page(ana, "statement", "?currency=CNY&month=2026-05")
    assert reverse("earning", args=[story.only(second).pk]) not in may

    told = [(row["what"], row["amount"], row["balance"]) for row in rows(ana, "?currency=CNY")]
    assert told == [
        ("Earned", "10.00", "10.00"),
        ("Earned", "5.00", "15.00"),
        ("Taken back by a refund", "-10.00", "5.00"),
    ]
    of_june = rows(ana, "?currency=CNY&month=2026-06")
    assert [row["balance"] for row in of_june] == ["15.00", "5.00"], "May stands before it"
    assert of_june[0]["order"] == second.number


def test_a_statement_below_zero_says_why() -> None:
    ana = story.member("ana")
    order = sold_by(ana, when=MAY)
    with clock.at(MAY + dt.timedelta(hours=1)):
        batch = earnings.draft_batch(actor=story.FINANCE, minimum=1)
        earnings.submit_batch(actor=story.FINANCE, batch_id=batch.pk)
        story.settle(Payout.objects.get().pk)
        story.refund_all(order)
    shown = page(ana, "statement")
    assert "Paid out to you" in shown
    assert "below zero after refunds" in shown
    assert rows(ana, "?currency=CNY")[-1]["balance"] == "-10.00"


def test_a_statement_is_ones_own_and_needs_a_month_that_has_lines() -> None:
    ana, bo = story.member("ana"), story.member("bo")
    order = sold_by(ana, when=MAY)
    theirs = page(bo, "statement")
    assert order.number not in theirs
    assert "Nothing became payable yet" in theirs
    for query in (
        "?currency=CNY&month=2026-04",
        "?currency=EUR",
        "?currency=CNY&month=now",
        LAST_MONTH,
    ):
        assert client(ana).get(reverse("statement") + query).status_code == 404, query
        assert client(ana).get(reverse("statement_export") + query).status_code == 404, query
    assert client(bo).get(reverse("statement_export") + "?currency=CNY").status_code == 404
    for name in ("statement", "statement_export", "wallet"):
        assert client().get(reverse(name))["Location"].startswith("/login?next=")


def test_a_shop_named_like_a_formula_stays_text_in_the_file() -> None:
    ana = story.member("ana")
    order = sold_by(ana, when=MAY)
    type(order.shop).objects.filter(pk=order.shop_id).update(name="=1+1")
    assert rows(ana, "?currency=CNY")[0]["shop"] == "'=1+1"


def test_statements_of_the_page_do_not_grow_with_its_lines() -> None:
    ana = story.member("ana")

    def count() -> int:
        browser = client(ana)
        browser.get(reverse("statement"))
        with CaptureQueriesContext(connection) as seen:
            browser.get(reverse("statement"))
        return len(seen)

    sold_by(ana, when=JUNE)
    few = count()
    for _each in range(5):
        sold_by(ana, when=JUNE)
    assert count() == few


def give(account: Account, amount: int, reason: str) -> None:
    payments.issue_credit(
        actor=Actor.system("test"),
        account_id=account.pk,
        amount=Money(amount, "CNY"),
        key=reason,
        reason=reason,
    )


def test_a_wallet_says_what_each_line_was_for() -> None:
    buyer = make.member("cy")
    give(buyer, 20_000, "sorry for the wait")
    placed = make.place((make.variant(price=12_000), 1), buyer=buyer, provider="wallet")
    intent = Intent.objects.get(subject_kind="checkout", subject_id=placed.pk)
    payments.start(actor=make.actor(buyer), intent_id=intent.pk, return_url="/", locale="en")
    placed.refresh_from_db()
    assert placed.state == "paid"

    shown = page(buyer, "wallet")

    left = Money(20_000 - placed.total_amount, "CNY")
    assert str(left.decimal) in shown
    assert "Paid with credit" in shown
    assert placed.number in shown
    assert reverse("purchase", args=[placed.access_token]) in shown
    assert "Credit given to you" in shown
    assert "sorry for the wait" in shown


def test_a_wallet_is_ones_own() -> None:
    give(make.member("cy"), 20_000, "sorry for the wait")
    theirs = page(make.member("bo"), "wallet")
    assert "sorry for the wait" not in theirs
    assert "No credit yet" in theirs


def test_a_long_wallet_goes_on_in_pages() -> None:
    buyer = make.member("cy")
    for number in range(31):
        give(buyer, 100, f"gift number {number:02d}")
    first = page(buyer, "wallet")
    assert "gift number 30" in first
    assert "gift number 00" not in first
    link = first.partition('href="?currency=')[2].partition('"')[0].replace("&amp;", "&")
    older = page(buyer, "wallet", f"?currency={link}")
    assert "gift number 00" in older
    assert "gift number 01" not in older


def test_both_are_linked_from_where_a_person_looks() -> None:
    ana = story.member("ana")
    for name in ("me", "earnings"):
        shown = page(ana, name)
        assert reverse("statement") in shown
        assert reverse("wallet") in shown
