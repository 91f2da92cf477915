"""The checkout prices anew what is changed in it, in its place; nothing that was typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from banyan.orders.models import Order
from tests.support import factories as make
from tests.support import prices
from tests.support.database import wipe
from tests.support.threads import alone

PHONE: Any = {"width": 390, "height": 844}


@pytest.fixture
def address(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """A thing of a shop with two ways of delivery, committed; the address of its checkout."""
    with django_db_blocker.unblock():
        wipe()
        try:
            item = make.variant(price=4_500, stock=9)
            zone = prices.zone(item.product.shop, "CN")
            prices.way(zone, 300, name="Letter")
            prices.way(zone, 1_200, name="Courier", position=1)
            yield f"/checkout?variant={item.pk}&n=1"
        finally:
            wipe()


def pressed(page: Page) -> Any:
    return page.locator("form[action='/checkout'] button.btn-primary").first


def test_another_way_and_quantity_change_the_total_at_once(
    browser: Browser, house: str, address: str
) -> None:
    context = browser.new_context(viewport=PHONE, locale="en")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(house + address)
    for name, value in {**make.ADDRESS, "email": "ana@example.com"}.items():
        if name != "country":
            page.locator(f"[name={name}]").first.fill(value)
    expect(pressed(page)).to_contain_text("48")
    expect(page.get_by_role("button", name="Update the total")).not_to_be_visible()

    courier = page.get_by_role("radio", name="Courier")
    courier.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    courier.focus()
    courier.press("Space")
    expect(pressed(page)).to_contain_text("57")
    expect(courier).to_be_checked()
    expect(courier).to_be_focused()
    assert page.evaluate("scrollY") == pytest.approx(before, abs=60), "the page stays where it was"
    page.get_by_role("button", name="One more").click()
    expect(pressed(page)).to_contain_text("102")
    expect(page.locator("[name=street]")).to_have_value(make.ADDRESS["street"])

    pressed(page).click()
    expect(page).not_to_have_url(re.compile("/checkout"))
    assert alone(lambda: Order.objects.get().total_amount) == 10_200
    context.close()


def test_what_is_refused_is_said_with_the_name_of_its_field(
    browser: Browser, house: str, address: str
) -> None:
    """Five times "Please fill this in" says nothing; and each of them leads somewhere."""
    context = browser.new_context(viewport=PHONE, locale="en")
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto(house + address)
    pressed(page).click()
    listed = page.locator(".errors a")
    expect(listed.first).to_have_text("Name of the recipient: Please fill this in.")
    assert len(set(listed.all_text_contents())) == listed.count()
    ids = listed.evaluate_all("links => links.map((a) => a.hash.slice(1))")
    assert all(page.locator(f"[id='{one}']").count() == 1 for one in ids)
    context.close()


def test_without_a_script_a_button_asks_for_it(browser: Browser, house: str, address: str) -> None:
    context = browser.new_context(java_script_enabled=False, viewport=PHONE, locale="en")
    page = context.new_page()
    page.goto(house + address)
    page.get_by_role("radio", name="Courier").check()
    page.get_by_role("button", name="Update the total").click()
    expect(pressed(page)).to_contain_text("57")
    context.close()
