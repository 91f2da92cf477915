"""Whole deals in real browsers: a card in a post; bought, sent back, paid back, redeemed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from banyan.catalog.models import Shop
from banyan.delivery.models import Scan, Voucher
from banyan.ledger.proof import verify
from banyan.orders.models import Order, OrderRefund, Return
from banyan.people import actions as people
from banyan.people.models import Account
from tests.browser.furnished import session_of
from tests.browser.test_sign_in import closed_afterwards, site
from tests.delivery import goods
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import run_sandbox
from tests.web.shop.cards import tagged_post

__all__ = ["closed_afterwards", "site"]

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")

PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 800}
SOON = 30_000


@pytest.fixture
def till(site: str, settings: Any, tmp_path: Path) -> Iterator[str]:
    """The site with the sandbox gateway, whose page takes the payment."""
    with run_sandbox(tmp_path / "sandbox.sqlite") as gateway:
        for name, value in gateway.settings.items():
            setattr(settings, name, value)
        policy = deepcopy(settings.CONTENT_SECURITY_POLICY)
        policy["DIRECTIVES"]["form-action"].append(gateway.url)
        settings.CONTENT_SECURITY_POLICY = policy
        settings.PUBLIC_URL = ""
        yield site


def screen(browser: Browser, site: str, account: Account, size: Any) -> Page:
    """Return a page of somebody's own browser, signed in."""
    context = browser.new_context(viewport=size, locale="en")
    context.set_default_timeout(SOON)
    cookie: Any = session_of(account) | {"url": site}
    context.add_cookies([cookie])
    return context.new_page()


def press(page: Page, name: str) -> None:
    """Press a button and wait for the page that comes."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=True).first.click()


def buy_both(phone: Page, site: str, shop: Shop, *slugs: str) -> None:
    """Put things into the cart, check out and pay at the gateway."""
    for slug in slugs:
        phone.goto(f"{site}/shop/{shop.slug}/{slug}")
        press(phone, "Add to cart")
    phone.goto(f"{site}/cart")
    phone.get_by_role("link", name="Check out").click()
    for name, value in make.ADDRESS.items():
        if name != "country":
            phone.locator(f"[name={name}]").first.fill(value)
    phone.get_by_role("button", name=re.compile("^Pay CN")).first.click()
    phone.wait_for_url("**/pay/**")
    phone.get_by_role("button", name="Pay").first.click()
    phone.wait_for_url("**/o/**")
    expect(phone.get_by_role("heading", name="Thank you. It is paid.")).to_be_visible()


def test_bought_sent_back_and_paid_back_while_a_voucher_is_redeemed(
    browser: Browser, till: str
) -> None:
    shop = make.shop(name="Kiln & Co")
    cup, haircut = make.product(shop, price=4_500, title="A cup"), goods.voucher(of=shop)
    phone = screen(browser, till, make.member("ana", email="ana@example.com"), PHONE)
    desk = screen(browser, till, shop.owner, DESK)
    studio = f"{till}/studio/{shop.slug}"

    # the buyer pays once for both; the voucher is there at once
    buy_both(phone, till, shop, cup.slug, haircut.product.slug)
    bought = phone.url
    order = Order.objects.get()
    code = phone.locator(".voucher-code").inner_text()

    # the shop sends the cup; the voucher needs no parcel
    desk.goto(f"{studio}/orders/{order.pk}")
    desk.get_by_label("Carrier").first.fill("SF")
    press(desk, "It is on its way")
    expect(desk.get_by_role("heading", name="Parcels")).to_be_visible()

    # the buyer has it and sends it back
    phone.goto(bought)
    press(phone, "It arrived")
    phone.get_by_role("link", name="Send something back").click()
    phone.get_by_label("A cup").fill("1")
    phone.get_by_text("It arrived damaged").click()
    press(phone, "Ask the shop")
    sent_back = phone.url

    back = Return.objects.get()
    desk.goto(f"{studio}/returns/{back.pk}")
    desk.get_by_label("Where it shall be sent").fill("Lakeside Road 9, Hangzhou")
    press(desk, "Agree to the return")
    phone.goto(sent_back)
    phone.get_by_label("Carrier").fill("SF")
    press(phone, "I have sent it")
    desk.reload()
    press(desk, "It has come")
    desk.get_by_label("Back on the shelf").fill("0")
    press(desk, "Accept and pay back")
    phone.goto(sent_back)
    phone.get_by_role("link", name=re.compile("^Refund of CN¥45")).click()
    expect(phone.get_by_text("CN¥45.00").first).to_be_visible()

    # at the counter, once
    desk.goto(f"{studio}/redeem")
    for answer in ("Redeemed", "before"):
        desk.get_by_label("Voucher code").fill(code)
        press(desk, "Redeem")
        expect(desk.locator("#result")).to_contain_text(answer)
    phone.goto(bought)
    expect(phone.locator(".voucher")).to_contain_text("Redeemed on")

    assert Voucher.objects.get().state == "redeemed"
    assert Scan.objects.filter(result="accepted").count() == 1
    assert OrderRefund.objects.get().amount == 4_500
    assert make.stock_of(cup.variants.get()).on_hand == 9
    assert verify().clean
    assert recount() == {}
    for page in (phone, desk):
        page.context.close()


def test_row_15_two_taps_from_the_card_to_the_gateway_and_back_to_the_place(
    browser: Browser, till: str
) -> None:
    post = tagged_post(make.member("ana"), make.product(price=4_500, title="A cup"))
    ben = make.member("ben", email="ben@example.com")
    people.add_address(actor=make.actor(ben), fields=make.ADDRESS)
    phone = screen(browser, till, ben, PHONE)
    phone.goto(f"{till}/p/{post.pk}")

    phone.get_by_role("link", name=re.compile("^Buy for")).click()
    phone.get_by_role("button", name=re.compile("^Pay CN")).first.click()
    phone.wait_for_url("**/pay/**")
    phone.get_by_role("button", name="Pay").first.click()

    phone.wait_for_url("**/o/**")
    expect(phone.get_by_role("heading", name="Thank you. It is paid.")).to_be_visible()
    phone.get_by_role("link", name="Back to where you were").click()
    expect(phone).to_have_url(re.compile(rf"/p/{post.pk}#buy-"))
    expect(phone.get_by_role("link", name=re.compile("^Buy for"))).to_be_in_viewport()
    assert Order.objects.get().state == "paid"
    phone.context.close()
