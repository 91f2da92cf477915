"""The till and the buyer's vouchers in a real browser: with a network, without, and again with."""

from __future__ import annotations

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from banyan.catalog import actions as catalog
from banyan.delivery import actions as delivery
from banyan.delivery.models import Scan, Voucher
from banyan.delivery.rules import grouped, new_voucher_code
from banyan.orders.models import Checkout
from banyan.people.models import Account
from tests.delivery import goods
from tests.support import factories as make

from .furnished import session_of
from .waiting import come_true

pytestmark = pytest.mark.usefixtures("threaded_db")

PHONE: Any = {"width": 390, "height": 844}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}


def phone_of(browser: Browser, house: str, account: Account) -> BrowserContext:
    """Return a clean phone, signed in."""
    context = browser.new_context(viewport=PHONE, locale="en")
    context.set_default_timeout(30_000)
    cookie: Any = session_of(account) | {"url": house}
    context.add_cookies([cookie])
    return context


def sold(n: int) -> tuple[Any, list[str], Checkout]:
    """Return a shop, the codes of a sold service, and its purchase."""
    item = goods.voucher()
    checkout = make.pay(make.place((item, n)))
    codes = [delivery.open_voucher(each) for each in Voucher.objects.order_by("number")]
    return goods.shop_of(item), codes, checkout


def enter(page: Page, code: str) -> None:
    page.fill("#f-code", code)
    page.click("[data-till-form] button[type=submit]")


def test_codes_entered_without_a_network_are_kept_and_sent(browser: Browser, house: str) -> None:
    shop, codes, _checkout = sold(3)
    clerk = make.member("mei")
    catalog.hire(actor=make.actor(shop.owner), shop_id=shop.pk, account_id=clerk.pk, role="clerk")
    context = phone_of(browser, house, clerk)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{house}/studio/{shop.slug}/redeem")

    # with a network: the form is sent as it is
    enter(page, grouped(codes[0]).lower())
    expect(page.locator("#result")).to_contain_text("Redeemed")
    page.click("[data-till-fetch]")
    state = page.locator("[data-till-state]")
    expect(state).to_contain_text("(2)")

    # without: known, unknown, mistyped and entered twice are told apart, and kept
    context.set_offline(True)
    enter(page, codes[1])
    expect(state).to_contain_text("On the list")
    enter(page, new_voucher_code())
    expect(state).to_contain_text("Not on the list")
    enter(page, codes[1])
    expect(state).to_contain_text("before")
    enter(page, codes[2][:-1] + ("2" if codes[2][-1] != "2" else "3"))
    expect(state).to_contain_text("not a voucher code")
    expect(page.locator("[data-till-queue] p")).to_have_count(2)
    assert Scan.objects.count() == 1

    # somebody else was quicker with the same voucher
    delivery.redeem(
        actor=make.actor(shop.owner), shop_id=shop.pk, code=codes[1], key="x", place="Back room"
    )
    context.set_offline(False)
    queue = page.locator("[data-till-queue]")
    expect(queue).to_contain_text("redeemed before", timeout=15_000)
    expect(queue).to_contain_text("Back room")
    expect(queue).to_contain_text("no such voucher")
    expect(page.locator("[data-till-send]")).to_be_hidden()
    assert Scan.objects.filter(device__gt="").count() == 2
    assert Scan.objects.filter(device__gt="", list_at=None).count() == 0
    page.reload()
    expect(page.locator("#conflicts")).to_contain_text("Back room")
    assert errors == []
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    context.close()


def test_a_voucher_is_large_and_fits_a_phone(browser: Browser, house: str) -> None:
    _shop, codes, checkout = sold(1)
    context = browser.new_context(viewport=PHONE, locale="en", color_scheme="dark")
    page = context.new_page()
    page.goto(f"{house}/o/{checkout.access_token}")

    page.click("text=Show only this voucher")

    expect(page.locator(".voucher-code")).to_have_text(grouped(codes[0]))
    # the code's picture comes after the page that shows it
    come_true(page, "document.querySelector('.voucher .qr img').naturalWidth >= 700")
    box = page.locator(".voucher .qr img").bounding_box()
    assert box is not None
    assert box["width"] >= 240
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    # black on white, whatever the phone likes: it is read at a counter in bright light
    colour = "element => getComputedStyle(element).%s"
    card = page.locator(".voucher")
    assert re.sub(r"\s", "", card.evaluate(colour % "backgroundColor")) == "rgb(255,255,255)"
    assert re.sub(r"\s", "", card.evaluate(colour % "color")) == "rgb(0,0,0)"
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"]
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    context.close()


def test_a_file_is_downloaded_and_a_key_is_copied_from_the_order(
    browser: Browser, house: str
) -> None:
    """Forms of a page that keeps its address from other sites still come from our own page."""
    shop = make.shop()
    lines = [
        (goods.filed(b"la la la", of=shop, downloads=2), 1),
        (goods.keyed("AA-11", of=shop), 1),
    ]
    checkout = make.pay(make.place(*lines))
    context = browser.new_context(viewport=PHONE, locale="en")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=house)
    page = context.new_page()
    page.goto(f"{house}/o/{checkout.access_token}")

    with page.expect_download() as waiting:
        page.click(".bought form button")
    assert waiting.value.suggested_filename == "song.mp3"
    assert waiting.value.path().read_bytes() == b"la la la"
    page.click("[data-copy]")
    expect(page.locator("#live")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "AA-11"
    page.click("text=Write to the shop")
    page.fill("textarea[name=body]", "Thank you")
    page.click("details form button:has-text('Send')")
    expect(page.locator(".comments")).to_contain_text("Thank you")
    expect(page.locator(".bought").first).to_contain_text("One download left")
    context.close()
