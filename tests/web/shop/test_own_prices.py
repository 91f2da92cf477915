"""A member's own price on the pages, and orders that wait, as buyer, shop and programs see them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Variant
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.web.shop.market.cards import product_url
from tests.api.client import Program, problem
from tests.orders.group import forming, join
from tests.sales.scene import on
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_gateway(settings: Any) -> None:
    settings.SANDBOX_URL = "http://127.0.0.1:9"


def shown(browser: Client, item: Variant) -> tuple[str, int]:
    """Return the page of a product, and how many statements it took."""
    url = reverse("product", args=[item.product.shop.slug, item.product.slug])
    with CaptureQueriesContext(connection) as asked:
        page = browser.get(url).content.decode()
    return page, len(asked)


def test_the_product_page_shows_the_holders_price_and_asks_no_more_for_it() -> None:
    item, ana = make.variant(price=10_000), make.member()
    browser = client(ana)
    shown(browser, item)
    _page, before = shown(browser, item)
    make.right(ana, item, 4_000, title="Bargain of bowls", quantity=2)

    page, after = shown(browser, item)

    assert "Your own price: Bargain of bowls, for up to 2 units" in " ".join(page.split())
    assert "Buy for CN¥40.00" in page
    assert after == before
    others = shown(client(), item)[0]
    assert "Buy for CN¥100.00" in others
    assert "Your own price" not in others


def test_cart_and_checkout_explain_the_price_and_why_it_is_not_for_more() -> None:
    item, ana = make.variant(price=10_000), make.member()
    make.right(ana, item, 4_000, title="Bargain", funded_by="platform")
    browser = client(ana)

    one = browser.get(reverse("checkout"), {"variant": item.pk, "n": 1}).content.decode()
    two = browser.get(reverse("checkout"), {"variant": item.pk, "n": 2}).content.decode()

    assert "Your own price “Bargain”: 1 × CN¥40.00, paid for by us" in one
    assert "Pay CN¥40.00" in one
    why = "Your own price “Bargain” is for 1 unit. Buy more in another order."
    assert why not in one
    assert why in two
    assert "Pay CN¥200.00" in two
    cart = orders.cart_for(actor=make.actor(ana), token="")
    orders.add_to_cart(actor=make.actor(ana), cart=cart, variant_id=item.pk, quantity=2)
    assert why in browser.get(reverse("cart")).content.decode()


def test_buyer_shop_and_programs_see_that_an_order_waits_and_until_when(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = forming(monkeypatch)
    item, ana = make.variant(), make.member()
    owner, order = item.product.shop.owner, join(item, who=ana)
    told = "It waits: 2 more are needed. At the latest on "
    here = group.until.astimezone(ZoneInfo("Asia/Shanghai"))
    times = [f"{told}{group.until:%Y-%m-%d %H:%M} UTC"] + 2 * [f"{told}{here:%Y-%m-%d %H:%M} UTC+8"]
    slug = order.shop.slug
    bought = reverse("purchase", args=[order.checkout.access_token])
    pages = {
        bought: client(ana),
        reverse("studio_orders", args=[slug]): client(owner),
        reverse("studio_order", args=[slug, order.pk]): client(owner),
    }
    for (url, browser), time in zip(pages.items(), times, strict=True):
        group.asked.clear()
        assert time in browser.get(url).content.decode(), url
        assert group.asked == [{order.pk}], "asked once a page"
    assert "Send a parcel" not in pages[url].get(url).content.decode()
    sent = pages[url].post(reverse("studio_order_ship", args=[slug, order.pk]), {"carrier": "SF"})
    assert sent.status_code == 422
    assert "This order still waits: 2 more are needed" in sent.content.decode()

    program = Program(owner)
    told_to_program = program.get(f"/orders/{order.pk}")
    assert told_to_program["hold"]["reason"] == "2 more are needed"
    assert told_to_program["lines"][0]["hold"] == told_to_program["hold"]
    refused = program.send("POST", f"/orders/{order.pk}/ship", {"carrier": "SF"})
    assert problem(refused) == (409, "order_waits")

    today, waits = reverse("studio_today", args=[slug]), reverse("studio_orders", args=[slug])
    assert "order to ship" not in client(owner).get(today).content.decode()
    assert order.number in client(owner).get(f"{waits}?state=waits").content.decode()
    assert order.number not in client(owner).get(f"{waits}?state=paid").content.decode()

    group.full = True
    assert "1 order to ship" in client(owner).get(today).content.decode()
    assert order.number not in client(owner).get(f"{waits}?state=waits").content.decode()
    assert "Send a parcel" in pages[url].get(url).content.decode()
    assert "It waits" not in client(ana).get(bought).content.decode()
    assert program.get(f"/orders/{order.pk}")["hold"] is None


def test_the_page_names_the_line_that_waits_where_others_do_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forming(monkeypatch)
    shop = make.shop()
    item, beside = make.variant(shop), make.variant(shop)
    order = join(item, beside)
    slip = reverse("studio_packing", args=[shop.slug])
    bought = reverse("purchase", args=[order.checkout.access_token])
    told = f"{item.product.title} waits: 2 more are needed."
    assert told in client().get(bought).content.decode()
    owner = client(shop.owner)
    page = owner.get(reverse("studio_order", args=[shop.slug, order.pk])).content.decode()
    assert told in page
    lines = {line.variant_id: line.pk for line in order.lines.all()}
    assert f"unit_{lines[beside.pk]}" in page
    assert f"unit_{lines[item.pk]}" not in page
    packed = owner.get(slip, {"order": order.pk}).content.decode()
    assert beside.product.title in packed
    assert item.product.title not in packed


def test_cart_and_checkout_say_why_more_than_a_sale_allows_cost_the_list_price() -> None:
    item, ana = make.variant(price=10_000, stock=9), make.member(email="ana@example.com")
    on(item, price=5_000, public=3, per_person=2)
    browser = client(ana)

    two, three = (
        browser.get(reverse("checkout"), {"variant": item.pk, "n": n}).content.decode()
        for n in (2, 3)
    )

    why = "Flash sale “Singles&#39; day”: CN¥50.00 each for up to 2, not for more."
    assert "Pay CN¥100.00" in two
    assert why not in two
    assert "Pay CN¥300.00" in three
    assert why in three
    cart = orders.cart_for(actor=make.actor(ana), token="")
    orders.add_to_cart(actor=make.actor(ana), cart=cart, variant_id=item.pk, quantity=3)
    assert why in browser.get(reverse("cart")).content.decode()
    lines = [{"variant_id": str(item.pk), "quantity": 3}]
    (line,) = Program(ana).do("POST", "/checkouts/quote", {"lines": lines})["lines"]
    told = line["sale_left_out"]
    assert (told["title"], told["price"]["amount"], told["quantity"]) == ("Singles' day", 5_000, 2)
    lines[0]["quantity"] = 2
    (line,) = Program(ana).do("POST", "/checkouts/quote", {"lines": lines})["lines"]
    assert (line["sale_left_out"], line["unit"]["amount"]) == (None, 5_000)


def test_every_page_says_that_one_more_than_a_sale_allows_is_at_the_list_price() -> None:
    item, ana = make.variant(price=10_000, stock=9), make.member(email="ana@example.com")
    sale = on(item, price=5_000, public=3)
    make.pay(make.place((item, 1), buyer=ana))
    browser, stranger = client(ana), client(make.member())

    def pages(of: Client) -> list[str]:
        wanted = {"variant": item.pk, "n": 1}
        answers = of.get(product_url(item.product)), of.get(reverse("checkout"), wanted)
        return [answer.content.decode() for answer in answers]

    why = "Flash sale “Singles&#39; day”: 1 for each person, and you have yours."
    product, checkout = pages(browser)
    assert "Buy for CN¥100.00" in product
    assert why in product
    assert "Pay CN¥100.00" in checkout
    assert why in checkout
    assert "Buy more at the ordinary price" in browser.get(f"/sale/{sale.pk}").content.decode()
    others = pages(stranger)
    assert "Buy for CN¥50.00" in others[0]
    assert "Pay CN¥50.00" in others[1]
    assert not any(why in page for page in others)
    lines = [{"variant_id": str(item.pk), "quantity": 1}]
    (line,) = Program(ana).do("POST", "/checkouts/quote", {"lines": lines})["lines"]
    assert (line["sale_left_out"]["quantity"], line["unit"]["amount"]) == (0, 10_000)


def test_a_guest_who_has_had_theirs_is_asked_again_once_they_say_who_they_are() -> None:
    item = make.variant(price=10_000, stock=9)
    on(item, price=5_000, public=3)
    make.pay(make.place((item, 1), email="cy@example.com", phone="+8613900000001"))
    browser = Client()
    page = browser.get(reverse("checkout"), {"variant": item.pk, "n": 1}).content.decode()
    assert "Pay CN¥50.00" in page

    def send(shown: str) -> Any:
        hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown)
        form = {name: unescape(value) for name, value in hidden}
        return browser.post(
            "/checkout", form | make.ADDRESS | {"email": "cy@example.com", "n": "1"}
        )

    asked = send(page)
    shown = asked.content.decode()
    assert asked.status_code == 409
    assert "1 for each person, and you have yours." in shown
    assert "Pay CN¥100.00" in shown
    assert Checkout.objects.count() == 1
    assert send(shown).status_code == 302
    assert Checkout.objects.latest("id").total_amount == 10_000


def test_a_price_for_what_is_no_longer_on_sale_leads_nowhere_and_names_nothing_taken_down() -> None:
    ana, url = make.member(), reverse("coupons_mine")
    fake, paused = (make.product(title=title) for title in ("Fake bag", "Clay cup"))
    for product in (fake, paused):
        make.right(ana, product.variants.get(), 4_000, title="Bargain")
    before = client(ana).get(url).content.decode()
    assert "Fake bag for CN¥40.00" in before
    assert before.count("/checkout?variant=") == 2

    catalog.take_down_product(actor=Actor.system("desk"), product_id=fake.pk, reason="fake")
    catalog.unpublish_product(actor=make.actor(paused.shop.owner), product_id=paused.pk)

    after = client(ana).get(url).content.decode()
    assert "Fake bag" not in after
    assert "Bargain for CN¥40.00" in after
    assert "Clay cup for CN¥40.00" in after
    assert "/checkout?variant=" not in after
    assert after.count("Not to be had at the moment.") == 2
