"""Row 15: a buy card in a post: price, stock, and two steps to having paid."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from banyan.catalog.models import Stock
from banyan.community.models import Post
from banyan.orders.models import Checkout
from banyan.payments.models import Intent
from tests.support import factories as make
from tests.support.sandbox import Sandbox
from tests.support.threads import run_at_once
from tests.support.walkers import Town, Walker, payment_ref
from tests.web.shop.cards import tagged_post


def last_one() -> tuple[Post, int]:
    """A post with a buy card of which one unit is left; and the product."""
    product = make.product(price=4_500, stock=1)
    return tagged_post(make.member("ana"), product), product.pk


@pytest.mark.django_db
def test_row_15_the_card_says_price_and_stock_and_two_steps_pay(
    town: Town, sandbox: Sandbox
) -> None:
    post, product_id = last_one()
    reader = Walker(town)
    reader.go(f"/p/{post.pk}")
    assert "45.00" in reader.page
    assert "1 left" in reader.page

    # first step: tap Buy; second step: pay
    reader.follow(r"^/checkout\?")
    assert f'href="/p/{post.pk}#buy-{product_id}"' in reader.page
    sandbox.pay(payment_ref(reader.place(email="cy@example.com")))

    checkout = Checkout.objects.get()
    after = reader.go(f"/o/{checkout.access_token}?payment=x")
    assert "It is paid" in after
    # and the place in the feed is not lost
    assert f'href="/p/{post.pk}#buy-{product_id}"' in after
    assert "Sold out" in reader.go(f"/p/{post.pk}")


@pytest.mark.django_db
def test_row_15_the_second_of_two_is_told_sold_out_before_paying(
    town: Town, sandbox: Sandbox
) -> None:
    post, _product_id = last_one()
    first, second = Walker(town), Walker(town)
    for walker in (first, second):
        walker.go(f"/p/{post.pk}")
        walker.follow(r"^/checkout\?")

    first.place(email="one@example.com")
    answer = second.browser.post(
        "/checkout", {**second.form(), **make.ADDRESS, "email": "two@example.com"}
    )

    assert answer.status_code == 409
    page = answer.content.decode()
    assert re.search("sold out", page, re.IGNORECASE)
    assert f'href="/p/{post.pk}#buy-' in page
    assert (Checkout.objects.count(), Intent.objects.count()) == (1, 1)


@pytest.mark.usefixtures("threaded_db")
def test_row_15_of_two_who_tap_at_once_one_has_it_and_the_other_reads_sold_out() -> None:
    post, _product_id = last_one()

    def at_checkout(email: str) -> tuple[Client, dict[str, str]]:
        browser = Client()
        card = browser.get(f"/p/{post.pk}").content.decode()
        buy = re.search(r'href="(/checkout\?[^"]+)"', card)
        assert buy
        page = browser.get(unescape(buy[1])).content.decode()
        pairs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
        hidden = {name: unescape(value) for name, value in pairs}
        return browser, {**hidden, **make.ADDRESS, "email": email}

    ready = [at_checkout(f"{name}@example.com") for name in ("one", "two")]

    def tap(browser: Client, form: dict[str, str]) -> tuple[int, str]:
        answer: Any = browser.post("/checkout", form)
        return answer.status_code, answer.content.decode()

    answers = run_at_once(*(lambda who=who: tap(*who) for who in ready))

    assert sorted(status for status, _page in answers) == [302, 409], answers
    assert re.search("sold out", max(answers)[1], re.IGNORECASE)
    assert (Checkout.objects.count(), Intent.objects.count()) == (1, 1)
    assert Stock.objects.values_list("on_hand", "reserved").get() == (1, 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", "/\\evil"]
)
def test_row_15_the_way_back_leads_nowhere_else(elsewhere: str) -> None:
    item = make.variant()

    page = Client().get("/checkout", {"variant": str(item.pk), "n": "1", "back": elsewhere})

    assert page.status_code == 200
    assert "Back to where you were" not in page.content.decode()
