"""A merchant launches a seasonal campaign on a phone: few taps, and no page wider than it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign
from banyan.catalog.models import Shop, Variant
from tests.campaigns.scene import coupon, draft
from tests.support import factories as make
from tests.support.database import wipe

from .furnished import session_of

PHONE: Any = {"width": 390, "height": 844}
MOST_TAPS = 6
SHOTS = os.environ.get("BANYAN_SHOTS", "")


@pytest.fixture(scope="module")
def shop(django_db_setup: None, django_db_blocker: Any) -> Iterator[Shop]:
    """A shop that sells one thing, committed once for this module."""
    with django_db_blocker.unblock():
        wipe()
        try:
            yield make.variant(make.shop(name="Kiln & Co"), price=12_900).product.shop
        finally:
            wipe()


@pytest.fixture
def phone(browser: Browser, house: str, shop: Shop) -> Iterator[Page]:
    """The owner's phone."""
    context = browser.new_context(viewport=PHONE, locale="en", reduced_motion="reduce")
    context.set_default_timeout(90_000)
    cookie: Any = session_of(shop.owner) | {"url": house}
    context.add_cookies([cookie])
    yield context.new_page()
    context.close()


class Thumb:
    """Taps, and counts them; looks at each page that comes."""

    def __init__(self, page: Page) -> None:
        self.page, self.taps = page, 0

    def tap(self, at: Locator) -> None:
        """Tap once."""
        self.taps += 1
        at.click()

    def tap_to(self, at: Locator, name: str) -> None:
        """Tap what leads to another page, and look at it."""
        with self.page.expect_navigation():
            self.tap(at)
        look(self.page, name)


def look(page: Page, name: str) -> None:
    """No page is wider than the screen, and axe finds nothing serious on it."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/wizard-{name}.png", full_page=True)
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0, (name, wide)
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == [], name


def test_a_seasonal_campaign_is_launched_in_six_taps(house: str, shop: Shop, phone: Page) -> None:
    phone.goto(f"{house}/studio/{shop.slug}/")
    thumb = Thumb(phone)
    thumb.tap(phone.get_by_text("Menu", exact=True))
    thumb.tap_to(phone.locator(".rail-menu").get_by_role("link", name="Campaigns"), "list")
    thumb.tap_to(phone.get_by_role("link", name=re.compile("weekend", re.IGNORECASE)), "form")
    expect(phone.get_by_label("Coupons in a pack")).to_be_hidden()
    off = phone.get_by_label(re.compile("make a coupon for it"))
    thumb.tap(off)
    off.press_sequentially("5")
    thumb.tap_to(phone.get_by_role("button", name="Save the draft"), "draft")
    expect(phone.get_by_text("One of them costs")).to_be_visible()
    thumb.tap_to(phone.get_by_role("button", name="Publish"), "published")
    expect(phone.get_by_text("Under way", exact=True)).to_be_visible()
    assert thumb.taps <= MOST_TAPS
    made = Campaign.objects.get(shop=shop)
    assert (made.state, made.budget > 0) == ("published", True)


def test_prices_of_members_fit_the_phone(house: str, shop: Shop, phone: Page) -> None:
    item = Variant.objects.filter(product__shop=shop)[0]
    make.right(make.member(), item, 9_900, title="A bargain with a rather long name")
    phone.goto(f"{house}/studio/{shop.slug}/prices")
    phone.get_by_text("Take it back").first.click()
    look(phone, "prices")


def test_a_trial_on_two_phones_fits_them(
    browser: Browser, house: str, shop: Shop, phone: Page
) -> None:
    made = draft(shop, "like_collection", coupon=coupon(shop).pk, likes=2, title="Two likes")
    phone.goto(f"{house}/studio/{shop.slug}/campaigns/{made.pk}/preview")
    with phone.expect_navigation():
        phone.get_by_role("button", name="Make the two links").click()
    look(phone, "preview")
    links = phone.get_by_role("link", name="Open it here")
    yours, friends = (links.nth(n).get_attribute("href") for n in range(2))
    contexts = [
        browser.new_context(viewport=PHONE, locale="en", reduced_motion="reduce") for _n in range(2)
    ]
    one, other = (context.new_page() for context in contexts)
    one.goto(f"{house}{yours}")
    with one.expect_navigation():
        one.get_by_role("button", name="Begin").click()
    other.goto(f"{house}{friends}")
    with other.expect_navigation():
        other.get_by_role("button", name="Like").click()
    look(other, "friend")
    one.get_by_role("link", name="Look again").click()
    expect(one.get_by_text("1 more like brings it").first).to_be_visible()
    look(one, "you")
    for context in contexts:
        context.close()
    campaigns.discard_campaign(actor=make.actor(shop.owner), campaign_id=made.pk)
