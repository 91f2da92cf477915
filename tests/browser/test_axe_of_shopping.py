"""What people buy, sell and send by: every page of it without a serious fault of access."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from banyan.catalog import actions as catalog
from banyan.entitlements.actions import create_coupon
from banyan.kernel import clock
from banyan.market import actions as market
from banyan.orders import actions as orders
from banyan.orders.models import OrderLine
from banyan.people.models import Account
from banyan.storefronts import actions as storefronts
from tests.delivery import goods
from tests.market import deals
from tests.sales.scene import on
from tests.support import factories as make
from tests.support.database import wipe

from .furnished import session_of

PHONE: Any = {"width": 390, "height": 844}
DESK: Any = {"width": 1280, "height": 800}
CORNERS = (("light", PHONE, "en"), ("dark", DESK, "zh-hans"))


@dataclass(frozen=True)
class Street:
    """Two people and where each finds their pages."""

    buyer: Account
    seller: Account
    buyers: list[str]
    sellers: list[str]


@pytest.fixture(scope="module")
def street(django_db_setup: None, django_db_blocker: Any) -> Iterator[Street]:
    """Furnish once for this module, with real commits; wipe afterwards."""
    with django_db_blocker.unblock():
        wipe()
        try:
            yield _furnish()
        finally:
            wipe()


def _furnish() -> Street:
    shop = make.shop(name="Kiln & Co")
    owner = make.actor(shop.owner)
    ana = make.member("ana", email="ana@example.com")
    who = make.actor(ana)
    cup, gone = make.product(shop, title="A cup"), make.product(shop, title="A bowl", stock=0)
    item = cup.variants.get()
    service, key = goods.voucher(of=shop), goods.keyed("AA-11", of=shop)
    create_coupon(actor=owner, shop_id=shop.pk, title="Welcome", reach="auto", amount_off=500)
    gathered = catalog.make_collection(
        actor=owner, shop_id=shop.pk, data=catalog.CollectionInput("Chosen")
    )
    catalog.put_in_collection(actor=owner, collection_id=gathered.pk, product_id=cup.pk)
    pooled = storefronts.offer_to_pool(
        actor=owner,
        product_id=cup.pk,
        terms={item.pk: storefronts.Terms(7_500)},
        open_to="anyone",
    )
    storefronts.open_storefront(actor=who, title="My table", intro="Mine.", colour="#1e6b52")
    storefronts.list_from_pool(actor=who, item_id=pooled.pk)
    orders.add_to_cart(actor=who, cart=orders.cart_for(actor=who), variant_id=item.pk, quantity=2)
    order, token = _bought(shop.owner, ana, item, service, key)
    back = _sent_back(shop.owner, ana, order)
    lamp = deals.bought(deals.listing(title="Reading lamp"), ana)
    dispute = market.open_dispute(
        actor=who, order_id=lamp.pk, reason="damaged", claim_amount=100, body="Torn."
    )
    sale = on(make.variant(shop), admission="queue", first_seconds=0)
    at = f"/studio/{shop.slug}"
    return Street(
        ana,
        shop.owner,
        [
            "/cart", f"/checkout?variant={item.pk}&n=2", "/me/coupons", "/me/storefront",
            "/me/storefront/pool", "/store/ana", f"/c/{shop.slug}/{gathered.slug}",
            f"/shop/{shop.slug}/{gone.slug}", "/explore?q=cup", "/explore?q=zzzqq",
            f"/sale/{sale.pk}", "/market", "/market/new", f"/o/{token}",
            f"/o/{token}/{order}/return", f"/returns/{back}", f"/disputes/{dispute.pk}",
        ],
        [
            *(f"{at}/{page}" for page in (
                "orders", "returns", "stock", "sales", "coupons/new", "collections", "pool",
                "delivery", "delivery/taxes/new", "price-lists/new", "staff", "redeem",
                "payments", "standing",
            )),
            f"{at}/orders/{order}", f"{at}/returns/{back}",
        ],
    )  # fmt: skip


def _bought(seller: Account, buyer: Account, *items: Any) -> tuple[int, str]:
    checkout = make.pay(make.place(*((item, 2 if n == 0 else 1) for n, item in enumerate(items)),
                                   buyer=buyer))  # fmt: skip
    order = checkout.orders.get()
    orders.ship(actor=make.actor(seller), order_id=order.pk, carrier="SF", tracking="SF1")
    with clock.at(clock.now() + dt.timedelta(seconds=1)):
        orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    return order.pk, checkout.access_token


def _sent_back(seller: Account, buyer: Account, order_id: int) -> int:
    line = OrderLine.objects.get(order_id=order_id, kind="goods")
    asked = orders.ask_return(
        actor=make.actor(buyer), order_id=order_id, units={line.pk: 1}, reason="damaged", key="k"
    )
    orders.approve_return(actor=make.actor(seller), return_id=asked.pk, address="Lake Road 9")
    return asked.pk


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_axe_finds_nothing_serious_and_nothing_runs_over(
    browser: Browser, house: str, street: Street, side: str
) -> None:
    """Each page in one of two opposite corners: light, small, English; dark, large, Chinese."""
    account = street.buyer if side == "buyer" else street.seller
    context = browser.new_context(locale="en", reduced_motion="reduce")
    context.set_default_timeout(60_000)
    cookie: Any = session_of(account) | {"url": house}
    context.add_cookies([cookie])
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    faults = []
    for number, url in enumerate(street.buyers if side == "buyer" else street.sellers):
        theme, size, language = CORNERS[number % 2]
        page.set_viewport_size(size)
        cookies: Any = [
            {"name": "banyan_theme", "value": theme, "url": house},
            {"name": "banyan_language", "value": language, "url": house},
        ]
        context.add_cookies(cookies)
        answer = page.goto(house + url)
        assert answer is not None
        assert answer.status == 200, url
        found = Axe().run(page).response["violations"]
        faults += [
            (url, each["id"], [node["target"] for node in each["nodes"]][:3])
            for each in found
            if each["impact"] in {"serious", "critical"}
        ]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append((url, "runs over", []))
    assert faults == []
    assert errors == []
    context.close()
