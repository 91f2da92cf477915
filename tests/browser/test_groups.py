"""Groups on a phone: joining, being told, buying with one press; no serious fault of access."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, expect

from banyan.community import actions as community
from banyan.groups import actions as groups
from banyan.groups.models import Group, Membership
from banyan.media.actions import claim_staged
from banyan.orders.models import Order
from banyan.people.models import Account
from banyan.storefronts import actions as storefronts
from tests.groups import circles
from tests.support import factories as make
from tests.support.database import wipe
from tests.support.pictures import staged_picture

from .furnished import session_of

PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 800}
CORNERS = (("light", PHONE, "en"), ("dark", DESK, "zh-hans"))
SHOTS = os.environ.get("BANYAN_SHOTS", "")


@pytest.fixture(scope="module")
def circle(django_db_setup: None, django_db_blocker: Any) -> Iterator[Group]:
    """Furnish a group once for this module, with real commits; wipe afterwards."""
    with django_db_blocker.unblock():
        wipe()
        try:
            yield _furnish()
        finally:
            wipe()


def _furnish() -> Group:
    ana = make.member("ana", email="ana@lab.example.org")
    who = make.actor(ana)
    circle = circles.group(
        ana,
        name="Clay and tea",
        slug="clay",
        about="Cups, pots and what goes into them.",
        rules="Show what you use.",
        topics=["tea", "pottery"],
        colour="#1e6b52",
        domain="lab.example.org",
        holds=1,
    )
    for title in ("A cup of mine", "And the pot"):
        images = claim_staged(actor=who, tokens=[staged_picture(who)])
        post = community.publish_post(actor=who, images=images, title=title, group_id=circle.pk)
    groups.pin_post(actor=who, group_id=circle.pk, post_id=post.pk)
    ben = circles.joined(circle, make.member("ben", email="ben@example.com"), wants_offers=True)
    mate = make.actor(ben)
    images = claim_staged(actor=mate, tokens=[staged_picture(mate)])
    community.publish_post(actor=mate, images=images, title="My first one", group_id=circle.pk)
    storefronts.open_group_page(actor=who, group_id=circle.pk, title=circle.name)
    shop = make.shop(ana, name="Kiln & Co")
    chosen, offered = (make.product(shop, price=4_200, title=f"Cup {n}") for n in (1, 2))
    storefronts.select_product(actor=who, product_id=chosen.pk, group_id=circle.pk)
    groups.offer_to_group(actor=who, group_id=circle.pk, product_id=offered.pk, note="Lovely")
    groups.tell_offers()
    groups.invite(actor=who, group_id=circle.pk)
    make.pay(make.place((make.variant(), 1), buyer=ben))
    return circle


def open_as(browser: Browser, house: str, account: Account | None) -> BrowserContext:
    context = browser.new_context(viewport=PHONE, locale="en", reduced_motion="reduce")
    context.set_default_timeout(90_000)
    if account is not None:
        cookie: Any = session_of(account) | {"url": house}
        context.add_cookies([cookie])
    return context


@pytest.mark.parametrize(
    "path",
    [
        "/groups",
        "/groups/new",
        "/g/clay",
        "/g/clay/shop?q=cup",
        "/g/clay/members",
        "/g/clay/about",
        "/g/clay/requests",
        "/g/clay/settings",
        "/g/clay/invite",
    ],
)
def test_axe_finds_nothing_serious(browser: Browser, house: str, circle: Group, path: str) -> None:
    context = open_as(browser, house, circles.founder(circle))
    page = context.new_page()
    for theme, size, language in CORNERS:
        page.set_viewport_size(size)
        cookies: Any = [
            {"name": "banyan_theme", "value": theme, "url": house},
            {"name": "banyan_language", "value": language, "url": house},
        ]
        context.add_cookies(cookies)
        page.goto(house + path)
        if SHOTS:
            name = path.strip("/").replace("/", "-").partition("?")[0]
            page.screenshot(path=f"{SHOTS}/{name}-{theme}.png", full_page=True)
        serious = [
            (v["id"], [node["target"] for node in v["nodes"]][:4])
            for v in Axe().run(page).response["violations"]
            if v["impact"] in {"serious", "critical"}
        ]
        assert serious == [], (path, theme, size, language)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, theme)
    context.close()


def test_a_member_joins_on_a_phone(browser: Browser, house: str, circle: Group) -> None:
    cy = make.member("cy")
    context = open_as(browser, house, cy)
    page = context.new_page()
    page.goto(house + "/groups")
    page.get_by_role("link", name="Clay and tea").click()
    page.get_by_label("Tell me of offers").check()
    page.get_by_role("button", name="Join", exact=True).click()
    expect(page.get_by_text("You are a member now.")).to_be_visible()
    mine = Membership.objects.get(group=circle, account=cy)
    assert (mine.state, mine.wants_offers) == (1, True)
    context.close()


def test_a_notice_is_tapped_and_one_press_goes_to_pay(
    browser: Browser, house: str, circle: Group
) -> None:
    ben = Account.objects.get(handle="ben")
    context = open_as(browser, house, ben)
    page = context.new_page()
    page.goto(house + "/notifications")
    expect(page.get_by_text("Ana offers Cup 2 to Clay and tea.")).to_be_visible()
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("heading", name="Checkout")).to_be_visible()
    before = Order.objects.count()
    page.get_by_role("button", name="Pay").click(no_wait_after=True)
    for _ in range(300):
        if Order.objects.count() > before:
            break
        page.wait_for_timeout(200)
    assert Order.objects.count() == before + 1
    context.close()
