"""Each mechanic on two phones: one begins it, the other comes by its page; and how it looks."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Instance
from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop, Variant
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock
from banyan.media.actions import intake_pil
from banyan.ops.demo.drawings import draw
from banyan.orders.models import Order
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sales import actions as sales
from banyan.sales.models import Right
from tests.campaigns.scene import HOUR, SYSTEM, begun, campaign, coupon, crowd, help_, somebody
from tests.support import factories as make
from tests.support.database import wipe
from tests.support.sandbox import run_sandbox

from .furnished import session_of

PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 800}
CORNERS = (("light", PHONE, "en"), ("dark", DESK, "zh-hans"))
SHOTS = os.environ.get("BANYAN_SHOTS", "")
Phones = Callable[[], tuple[Page, Page]]


@pytest.fixture(scope="module")
def item(django_db_setup: None, django_db_blocker: Any) -> Iterator[Variant]:
    """A shop with one thing that has a picture, committed once for this module."""
    with django_db_blocker.unblock():
        wipe()
        try:
            yield _furnish()
        finally:
            wipe()


def _furnish() -> Variant:
    shop = make.shop(name="Kiln & Co")
    owner = make.actor(shop.owner)
    drawn = draw("plant", 3, size=(960, 1200), family="clay")
    picture = intake_pil(actor=owner, image=drawn, alt="A plant, drawn")
    made = catalog.create_product(
        actor=owner,
        shop_id=shop.pk,
        data=catalog.ProductInput(
            title="Weeping fig, 60 cm, with pot",
            description="It likes light, and no draught.",
            variants=[catalog.VariantInput(price=12_900, on_hand=20)],
            images=[picture.pk],
        ),
    )
    catalog.publish_product(actor=owner, product_id=made.pk)
    return Variant.objects.select_related("product__shop__owner").get(product=made)


@pytest.fixture
def phones(browser: Browser, house: str, item: Variant) -> Iterator[Phones]:
    """Give two signed-in phones, each with somebody new; close them afterwards."""
    opened: list[Page] = []

    def two() -> tuple[Page, Page]:
        one, other = (_phone(browser, house, who) for who in (somebody(), somebody()))
        opened.extend((one, other))
        return one, other

    yield two
    for page in opened:
        page.context.close()


def _phone(browser: Browser, house: str, who: Account) -> Page:
    own = make.ADDRESS | {"recipient": who.display_name}
    people.add_address(actor=make.actor(who), fields=own)
    context = browser.new_context(viewport=PHONE, locale="en", reduced_motion="reduce")
    context.set_default_timeout(90_000)
    cookie: Any = session_of(who) | {"url": house}
    context.add_cookies([cookie])
    return context.new_page()


def press(page: Page, name: str | re.Pattern[str]) -> None:
    """Press a button and wait for the page that comes."""
    with page.expect_navigation():
        page.get_by_role("button", name=name, exact=isinstance(name, str)).click()


def begin(page: Page, house: str, of: Campaign) -> str:
    """Begin a campaign; return the address that goes to friends."""
    page.goto(f"{house}/campaign/{of.code}")
    press(page, "Begin")
    page.wait_for_url("**/play/**")
    return page.url


def test_a_pack_is_opened_and_both_have_a_coupon(house: str, item: Variant, phones: Phones) -> None:
    shop = item.product.shop
    of = campaign(shop, "coupon_pack", coupon=coupon(shop, title="Five off").pk, places=5)
    ana, ben = phones()
    url = begin(ana, house, of)
    expect(ana.get_by_text("When 1 more friend opens it")).to_be_visible()
    ben.goto(url)
    ben.get_by_label("Others may see that it was me").check()
    press(ben, "Open the pack")
    expect(ben.get_by_role("heading", name="A coupon is yours")).to_be_visible()
    ana.reload()
    expect(ana.get_by_role("heading", name="A coupon is yours")).to_be_visible()
    assert CouponGrant.objects.filter(coupon__title="Five off").count() == 2


def test_a_friend_cuts_the_price_and_it_is_bought_at_that(
    house: str, item: Variant, phones: Phones
) -> None:
    of = campaign(item.product.shop, "bargain", variant=item.pk, floor=3_900, people=3)
    ana, ben = phones()
    url = begin(ana, house, of)
    ben.goto(url)
    expect(ben.get_by_text("One more friend takes off CN¥30.00.")).to_be_visible()
    ben.get_by_label("Others may see that it was me").check()
    press(ben, "Help your friend")
    expect(ben.get_by_text("Your cut counts.")).to_be_visible()
    ana.reload()
    helper = Instance.objects.get(campaign=of).contributions.get().helper
    expect(ana.get_by_role("listitem").filter(has_text=helper.display_name)).to_contain_text(
        "30.00"
    )
    press(ana, "Buy for CN¥99.00 now")
    expect(ana.get_by_role("heading", name="Checkout")).to_be_visible()
    expect(ana.get_by_role("button", name="Pay CN¥99.00")).to_be_visible()


@pytest.fixture
def gateway(settings: Any, tmp_path: Path) -> Iterator[None]:
    """The sandbox gateway, whose page takes the payment."""
    with run_sandbox(tmp_path / "sandbox.sqlite") as running:
        for name, value in running.settings.items():
            setattr(settings, name, value)
        policy = deepcopy(settings.CONTENT_SECURITY_POLICY)
        policy["DIRECTIVES"]["form-action"].append(running.url)
        settings.CONTENT_SECURITY_POLICY = policy
        settings.PUBLIC_URL = ""
        yield


def pay(page: Page) -> None:
    """Pay at the gateway from the checkout on."""
    page.get_by_role("button", name=re.compile("^Pay CN")).first.click()
    page.wait_for_url("**/pay/**")
    page.get_by_role("button", name="Pay").first.click()
    page.wait_for_url("**/o/**")
    expect(page.get_by_role("heading", name="Thank you. It is paid.")).to_be_visible()


def test_two_pay_and_the_group_is_complete(
    house: str, item: Variant, phones: Phones, gateway: None
) -> None:
    of = campaign(item.product.shop, "group_buy", variant=item.pk, people=2, price=7_900)
    ana, ben = phones()
    url = begin(ana, house, of)
    ana.get_by_role("link", name="Pay CN¥79.00").click()
    pay(ana)
    ana.goto(url)
    expect(ana.get_by_role("heading", name="You are in")).to_be_visible()
    ben.goto(url)
    choice = ben.get_by_label("If your payment comes when the group is full or over, you want")
    choice.select_option(label="a group of my own")
    press(ben, "Join for CN¥79.00")
    ben.goto(url)
    expect(ben.get_by_text("If you pay too late: a group of my own.")).to_be_visible()
    ben.get_by_role("link", name="Pay CN¥79.00").click()
    pay(ben)
    for page in (ana, ben):
        page.goto(url)
        expect(page.get_by_text("The group is complete.")).to_be_visible()
    paid = Order.objects.filter(lines__variant_id=item.pk, state="paid")
    assert list(paid.values_list("total_amount", flat=True)) == [7_900, 7_900]


def test_a_like_brings_the_coupon(house: str, item: Variant, phones: Phones) -> None:
    shop = item.product.shop
    of = campaign(shop, "like_collection", likes=1, coupon=coupon(shop, title="Liked").pk)
    ana, ben = phones()
    url = begin(ana, house, of)
    ben.goto(url)
    press(ben, "Like")
    expect(ben.get_by_text("It is reached.")).to_be_visible()
    ana.reload()
    press(ana, "Take it")
    expect(ana.get_by_role("heading", name="A coupon is yours")).to_be_visible()
    assert (
        CouponGrant.objects.get(coupon__title="Liked").account_id
        == Instance.objects.get(campaign=of).owner_id
    )


def test_a_friend_gives_a_chance_and_the_draw_can_be_checked(
    house: str, item: Variant, phones: Phones
) -> None:
    shop = item.product.shop
    prize = coupon(shop, title="The bowl").pk
    ends = clock.now() + HOUR
    of = campaign(shop, "assist_draw", prize=prize, helpers=2, ends_at=ends)
    ana, ben = phones()
    url = begin(ana, house, of)
    ben.goto(url)
    press(ben, "Help your friend")
    expect(ben.get_by_text("Your help counts.")).to_be_visible()
    with clock.at(ends):
        campaigns.advance(actor=SYSTEM)
        campaigns.advance(actor=SYSTEM)
    ana.reload()
    expect(ana.get_by_text("You have won", exact=True)).to_be_visible()
    press(ana, "Take the prize")
    expect(ana.get_by_role("heading", name="A coupon is yours")).to_be_visible()
    ana.get_by_text("Was it fair?").click()
    ana.get_by_role("link", name="Check it yourself").click()
    expect(ana.get_by_text("All of it holds.")).to_be_visible()


def test_a_new_friend_uses_the_code(house: str, item: Variant, phones: Phones) -> None:
    shop = item.product.shop
    of = campaign(shop, "referral", coupon=coupon(shop, title="Welcome").pk)
    ana, ben = phones()
    url = begin(ana, house, of)
    code = Instance.objects.get(campaign=of).code
    expect(ana.get_by_text(f"Your code: {code}")).to_be_visible()
    ben.goto(url)
    press(ben, "Use your friend's code")
    expect(ben.get_by_role("heading", name="A coupon is yours")).to_be_visible()
    assert CouponGrant.objects.filter(coupon__title="Welcome").count() == 1


def test_the_last_unit_of_a_flash_sale_is_taken_on_one_phone(
    house: str, item: Variant, phones: Phones
) -> None:
    terms = {"variant": item.pk, "price": 6_900, "public": 1, "room": False, "ticketed": True}
    of = campaign(item.product.shop, "flash_sale", **terms)
    sales.advance_sales(actor=SYSTEM)
    ana, ben = phones()
    of_page = f"/sale/{of.public['sale']}"
    for phone in (ana, ben):
        phone.goto(f"{house}/campaign/{of.code}")
        phone.locator(f"a[href='{of_page}']").first.click()
        expect(phone.get_by_text("1 of 1 left")).to_be_visible()
    press(ana, "Take one for CN¥69.00")
    ana.wait_for_url("**/checkout?**")
    expect(ana.get_by_text("CN¥69.00").locator("visible=true").first).to_be_visible()
    press(ben, "Take one for CN¥69.00")
    ben.goto(f"{house}{of_page}")
    expect(ben.get_by_text("All are taken.")).to_be_visible()
    ana.goto(f"{house}{of_page}")
    expect(ana.get_by_text("One is yours.")).to_be_visible()
    assert Right.objects.count() == 1
    with clock.at(of.ends_at):
        sales.advance_sales(actor=SYSTEM)


def looked_at(shop: Shop, item: Variant, who: Account) -> dict[str, str]:
    """Return pages of campaigns as they stand when something has happened, by name."""
    of = campaign(shop, "bargain", variant=item.pk, floor=3_900, people=6, title="Bring it down")
    bargain = begun(of, who)
    for number, friend in enumerate(crowd(4)):
        help_(bargain, friend, given={"named": "1"} if number != 1 else {})
    group = campaign(
        shop, "group_buy", variant=item.pk, people=3, price=7_900, title="Three for it"
    )
    prizes = {"coupon": coupon(shop).pk, "top": coupon(shop, title="30 off", amount_off=3_000).pk}
    pack = begun(campaign(shop, "coupon_pack", title="With friends", **prizes), who)
    return {
        "play": f"/play/{bargain.code}",
        "campaign": f"/campaign/{group.code}",
        "pack": f"/play/{pack.code}",
        "together": "/campaigns",
    }


def test_axe_finds_nothing_serious(browser: Browser, house: str, item: Variant) -> None:
    who = somebody()
    page = _phone(browser, house, who)
    for name, path in looked_at(item.product.shop, item, who).items():
        for theme, size, language in CORNERS:
            page.set_viewport_size(size)
            cookies: Any = [
                {"name": "banyan_theme", "value": theme, "url": house},
                {"name": "banyan_language", "value": language, "url": house},
            ]
            page.context.add_cookies(cookies)
            page.goto(house + path)
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{theme}.png")
            serious = [
                (v["id"], [node["target"] for node in v["nodes"]][:4])
                for v in Axe().run(page).response["violations"]
                if v["impact"] in {"serious", "critical"}
            ]
            assert serious == [], (path, theme)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.context.close()
