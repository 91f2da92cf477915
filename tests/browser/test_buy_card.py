"""A buy card of a post, on two phones: to the checkout and back; one left, two who tap."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from banyan.community import actions as community
from banyan.media.actions import intake_pil
from banyan.ops.demo.drawings import draw
from banyan.orders.models import Order
from tests.support import factories as make
from tests.support.database import wipe
from tests.support.threads import alone

PHONE: Any = {"width": 390, "height": 844}


@pytest.fixture
def post(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A post with a buy card of which one unit is left, committed; its address."""
    with django_db_blocker.unblock():
        wipe()
        try:
            ana = make.actor(make.member("ana"))
            product = make.product(price=4_500, stock=1, title="The last cup")
            drawn = draw("cup", 1, size=(960, 1200), family="clay")
            made = community.publish_post(
                actor=ana,
                images=[intake_pil(actor=ana, image=drawn, alt="A cup")],
                title="Every morning",
                tags=[community.Tag(0, product.pk, 500, 500)],
            )
            yield f"/p/{made.pk}"
        finally:
            wipe()


def at_the_card(browser: Browser, url: str) -> Page:
    context = browser.new_context(viewport=PHONE, locale="en")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(url)
    return page


def to_checkout(page: Page) -> None:
    page.get_by_role("link", name="Buy for").click()
    expect(page).to_have_url(re.compile("/checkout"))


def fill(page: Page, email: str) -> None:
    for name, value in {**make.ADDRESS, "email": email}.items():
        if name != "country":
            page.locator(f"[name={name}]").first.fill(value)


def pay(page: Page) -> None:
    page.locator("form[action='/checkout'] button.btn-primary").first.click()


def test_row_15_a_buyer_comes_back_to_the_card_they_left(
    browser: Browser, house: str, post: str
) -> None:
    page = at_the_card(browser, house + post)
    expect(page.get_by_text("1 left")).to_be_visible()
    to_checkout(page)

    page.get_by_role("link", name="Back to where you were").click()

    expect(page).to_have_url(re.compile(re.escape(post) + "#buy-"))
    expect(page.get_by_role("link", name="Buy for")).to_be_in_viewport()
    page.context.close()


def test_row_15_of_two_phones_one_buys_and_the_other_reads_sold_out(
    browser: Browser, house: str, post: str
) -> None:
    phones = [at_the_card(browser, house + post) for _ in range(2)]
    for number, phone in enumerate(phones):
        to_checkout(phone)
        fill(phone, f"buyer{number}@example.com")

    pay(phones[0])
    expect(phones[0]).not_to_have_url(re.compile("/checkout"))
    pay(phones[1])

    expect(phones[1].get_by_text(re.compile("sold out", re.IGNORECASE)).first).to_be_visible()
    expect(phones[1].get_by_role("link", name="Back to where you were")).to_be_visible()
    assert alone(Order.objects.count) == 1
    for phone in phones:
        phone.context.close()
