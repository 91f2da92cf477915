"""The desk in a real browser: both sizes, light and dark, axe, and a quiet console."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings
from playwright.sync_api import Browser, ConsoleMessage, Page

from banyan.earnings import actions as earnings
from banyan.earnings.models import Commission, PayoutBatch
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.sharing import actions as sharing
from tests.support import factories as make

PHONE: Any = {"width": 390, "height": 844}
SCREEN: Any = {"width": 1280, "height": 800}
# Opposite corners; all of them in a soak.
LOOKS = (
    [(size, theme) for size in (PHONE, SCREEN) for theme in ("light", "dark")]
    if os.environ.get("HYPOTHESIS_PROFILE") == "soak"
    else [(PHONE, "light"), (SCREEN, "dark")]
)
SYSTEM = Actor.system("test")


@pytest.fixture
def site(house: str, threaded_db: None) -> Iterator[str]:
    """The whole site, and connections closed before the tables are emptied."""
    yield house
    connections.close_all()


def history() -> tuple[Order, PayoutBatch]:
    """Make an order that came through a share, and a batch that pays the sharer."""
    sharer, buyer = make.member(), make.member()
    item = make.variant(make.shop(), price=50_000)
    shop = item.product.shop
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1_000)
    link = sharing.share(
        actor=make.actor(sharer), target_kind="product", target_id=item.product_id, via=None
    )
    order = make.pay(make.place((item, 1), buyer=buyer, via=link.code)).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="Post", tracking="T-1")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    Commission.objects.update(hold_until=clock.now())
    earnings.release_due(actor=SYSTEM)
    batch = earnings.draft_batch(actor=SYSTEM, reason="the month")
    with override_settings(SHOP_APPROVAL=True):
        make.shop()
    return order, batch


def signed_in(browser: Browser, site: str, size: Any, theme: str) -> Page:
    """Return a page in which an owner is signed in."""
    client = Client()
    client.force_login(make.staff("owner"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(viewport=size, color_scheme=theme)  # type: ignore[arg-type]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": site}])
    return context.new_page()


@pytest.mark.parametrize(("size", "theme"), LOOKS)
def test_the_work_pages_are_clean(browser: Browser, site: str, size: Any, theme: str) -> None:
    order, batch = history()
    page = signed_in(browser, site, size, theme)
    errors: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: errors.append(str(error)))
    for path in (
        "/desk/",
        f"/desk/orders/{order.number}/",
        "/desk/payouts/",
        f"/desk/payouts/{batch.pk}/",
        f"/desk/payouts/{batch.pk}/do/approve/",
        "/desk/shops/?state__exact=pending",
    ):
        page.goto(f"{site}{path}")
        page.wait_for_timeout(250)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} is wider than the screen"
        found = Axe().run(page, context=".desk" if page.query_selector(".desk") else "#content")
        grave = [
            (violation["id"], [node["target"] for node in violation["nodes"]])
            for violation in found.response["violations"]
            if violation["impact"] in {"serious", "critical"}
        ]
        assert grave == [], path
    assert errors == []
    page.context.close()


def test_what_the_desk_can_do_is_in_reach_of_a_phone(browser: Browser, site: str) -> None:
    phone = {"width": 390, "height": 844}
    page = signed_in(browser, site, phone, "light")
    for path in ("/desk/mechanics/", "/desk/keys/"):
        page.goto(f"{site}{path}")
        ends = page.locator(".desk-table td, .desk-button").evaluate_all(
            "found => found.map(one => one.getBoundingClientRect().right)"
        )
        assert ends, path
        assert max(ends) <= phone["width"], f"{path} hides what stands at its end"
    page.context.close()


def test_a_batch_is_approved_by_hand(browser: Browser, site: str) -> None:
    _order, batch = history()
    page = signed_in(browser, site, PHONE, "light")

    page.goto(f"{site}/desk/")
    page.get_by_role("link", name="batch waits for approval").click()
    page.goto(f"{site}/desk/payouts/{batch.pk}/")
    page.get_by_role("link", name="Approve and send").click()
    page.get_by_role("button", name="Approve and send").click()
    assert "Say why" in page.inner_text("#content")
    page.get_by_label("Reason").fill("looked through")
    page.get_by_role("button", name="Approve and send").click()

    assert "looked through" in page.inner_text("#content")
    batch.refresh_from_db()
    assert batch.state == "submitted"
    page.context.close()
