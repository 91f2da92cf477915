"""The cart and the checkout say what things cost, why, how they travel, and what has changed."""

from __future__ import annotations

import logging
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from banyan.catalog.models import Variant
from banyan.orders.models import CartItem, Checkout, Order
from banyan.web.shop.market.cards import product_url
from tests.support import factories as make
from tests.support import prices
from tests.web.studio.scene import client as signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_gateway(settings: Any) -> None:
    # The order is placed before anybody is sent to pay; whether that works is another's matter.
    settings.SANDBOX_URL = "http://127.0.0.1:9"


def fill(browser: Client, *wanted: tuple[Variant, int]) -> None:
    for item, n in wanted:
        answer = browser.post(
            reverse("cart_add"),
            {"variant": item.pk, "n": n},
            headers={"sec-fetch-site": "same-origin"},
        )
        assert answer.status_code == 302


def hidden(page: Any) -> dict[str, str]:
    found = re.findall(
        r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode()
    )
    return {name: unescape(value) for name, value in found}


def form(browser: Client, query: str = "") -> dict[str, str]:
    page = browser.get(reverse("checkout") + query)
    assert page.status_code == 200
    return hidden(page) | make.ADDRESS | {"email": "cy@example.com"}


def send(browser: Client, values: dict[str, str]) -> tuple[int, str]:
    answer = browser.post(reverse("checkout"), values)
    return answer.status_code, re.sub(r"\s+", " ", answer.content.decode())


def test_the_cart_groups_by_shop_and_says_what_free_delivery_still_needs() -> None:
    clay = make.shop(name="Clay", shipping_amount=800, free_shipping_from=10_000)
    cup, tea = make.variant(clay, price=3_000), make.variant(price=500)
    prices.price_list(clay, {cup: 2_500}, from_quantity=2)
    browser = Client()
    fill(browser, (cup, 2), (tea, 1))
    text = browser.get(reverse("cart")).content.decode()
    assert text.count('<h2 class="label">') == 2
    assert "CN¥50.00 more, and delivery is free" in text
    assert "2 × CN¥25.00" in text
    assert "CN¥55.00" in text, "the goods of both"
    assert "in parts" not in text


def test_a_products_page_says_what_delivery_costs_at_the_price_that_it_shows() -> None:
    clay = make.shop(shipping_amount=800, free_shipping_from=10_000)
    cup = make.variant(clay, price=10_000)
    browser = Client()
    assert "Free shipping" in browser.get(product_url(cup.product)).content.decode()

    prices.price_list(clay, {cup: 9_000})

    page = browser.get(product_url(cup.product)).content.decode()
    assert "Shipping CN¥8.00, free from CN¥100.00" in page
    checkout = browser.get(f"{reverse('checkout')}?variant={cup.pk}&n=1").content.decode()
    assert "CN¥98.00" in checkout


def test_a_cart_of_two_currencies_is_split_and_what_is_left_stays() -> None:
    yuan, euro = make.variant(), make.variant(make.shop(currency="EUR"), price=700)
    browser = Client()
    fill(browser, (yuan, 1), (euro, 1))
    assert "You will order them in parts" in browser.get(reverse("cart")).content.decode()
    split = browser.get(reverse("checkout"))
    assert split.status_code == 422
    assert "1 thing in EUR" in split.content.decode()
    assert 'href="/checkout?only=EUR&amp;currency=EUR"' in split.content.decode()

    values = form(browser, "?only=EUR&currency=EUR")
    assert values["only"] == "EUR"
    assert send(browser, values)[0] == 302
    order = Order.objects.get()
    assert (order.currency, order.total_amount) == ("EUR", 700)
    assert [item.variant for item in CartItem.objects.all()] == [yuan]


def test_a_currency_that_all_lines_offer_can_be_chosen() -> None:
    shop = make.shop()
    item = make.variant(shop, price=8_000)
    prices.price_list(shop, {item: 1_100}, currency="EUR")
    prices.way(prices.zone(shop, "CN"), 200, currency="EUR")
    browser = Client()
    fill(browser, (item, 1))
    page = browser.get(reverse("checkout")).content.decode()
    assert '<option value="CNY" selected>' in page
    values = form(browser) | {"currency": "EUR", "again": "currency"}
    again = browser.post(reverse("checkout"), values)
    assert "€13.00" in again.content.decode()
    values = hidden(again) | make.ADDRESS | {"email": "cy@example.com", "currency": "EUR"}
    assert send(browser, values)[0] == 302
    assert Checkout.objects.get().total_amount == 1_300


def test_the_page_offers_each_shops_ways_and_charges_the_chosen_one() -> None:
    shop = make.shop(name="Clay", shipping_amount=900)
    item = make.variant(shop, price=1_000)
    zone = prices.zone(shop, "CN")
    prices.way(zone, 500, name="Post", days=(4, 6))
    fast = prices.way(zone, 1_500, name="Courier", position=1, days=(1, 1))
    browser = Client()
    fill(browser, (item, 1))
    page = browser.get(reverse("checkout")).content.decode()
    assert "Delivery from Clay" in page
    assert "Post, 4 to 6 days" in page
    assert "Courier, 1 day" in page
    values = form(browser) | {f"way-{shop.pk}": str(fast.pk)}
    status, text = send(browser, values)
    assert (status, "The price has changed" in text) == (409, True)
    assert "Shipping, Clay" in text
    assert not Order.objects.exists()

    drawn = hidden(browser.post(reverse("checkout"), values | {"again": "way"}))
    assert send(browser, values | drawn)[0] == 302
    order = Order.objects.get()
    assert (order.shipping_amount, order.delivery["name"]) == (1_500, "Courier")
    told = browser.get(f"/o/{order.checkout.access_token}").content.decode()
    assert "Sent by: Courier, 1 day" in told


def test_the_way_that_a_shop_began_with_is_named_in_the_readers_language() -> None:
    with translation.override("zh-hans"):
        item = make.variant(make.shop())

    page = Client().get(f"/checkout?variant={item.pk}&n=1").content.decode()

    assert "Standard" in page
    assert "标准" not in page
    zh = Client(headers={"accept-language": "zh-hans"})
    assert "标准" in zh.get(f"/checkout?variant={item.pk}&n=1").content.decode()


def test_tax_is_shown_explained_and_written_alike_for_buyer_and_shop() -> None:
    shop = make.shop(shipping_amount=1_000)
    item = make.variant(shop, price=10_000)
    prices.tax(shop, "CN", rate=88_750, name="Sales tax")
    browser = Client()
    fill(browser, (item, 1))
    page = browser.get(reverse("checkout")).content.decode()
    assert "Sales tax, 8.875 %, on top" in page
    assert "CN¥119.77" in page, "100 + 10 + 8.88 + 0.89"
    assert send(browser, form(browser))[0] == 302
    order = Order.objects.get()
    assert (order.tax_amount, order.total_amount) == (977, 11_977)
    theirs = browser.get(f"/o/{order.checkout.access_token}").content.decode()
    ours = signed_in(shop.owner).get(reverse("studio_order", args=[shop.slug, order.pk]))
    for text in (theirs, ours.content.decode()):
        assert "Sales tax, 8.875 %, on top" in text
        assert "CN¥9.77" in text


def test_each_change_since_the_page_was_drawn_is_shown_and_asked_again() -> None:
    shop = make.shop(name="Clay", shipping_amount=500)
    item, kept = make.variant(shop, price=1_000), make.variant(shop, price=200)
    listed = prices.price_list(shop, {item: 900})
    browser = Client()
    fill(browser, (item, 1), (kept, 1))
    values = form(browser)
    listed.delete()
    way = prices.first_way(shop)
    way.bands = [[0, 600]]
    way.save()

    answer = browser.post(reverse("checkout"), values)

    text = answer.content.decode()
    assert answer.status_code == 409
    assert '<s>CN¥9.00</s></td><td class="num">CN¥10.00' in text
    assert '<s>CN¥5.00</s></td><td class="num">CN¥6.00' in text
    assert "CN¥2.00</s>" not in text, "what stayed is not told"
    assert not Checkout.objects.exists()
    agreed = values | hidden(answer)
    assert send(browser, agreed)[0] == 302
    assert Checkout.objects.get().total_amount == 1_000 + 200 + 600


def test_a_place_where_a_shop_does_not_deliver_is_said_before_and_refused_after() -> None:
    shop = make.shop(name="Clay")
    prices.zone(shop, "DE")
    item = make.variant(shop)
    browser = Client()
    fill(browser, (item, 1))
    page = browser.get(reverse("checkout") + "?country=DE").content.decode()
    assert "This shop does not deliver there" in page
    german = {
        "country": "DE", "recipient": "Ada", "street": "Weg 1", "postcode": "10115",
        "level2": "Berlin", "email": "ada@example.com",
    }  # fmt: skip
    status, text = send(browser, form(browser, "?country=DE") | german)
    assert (status, "Clay does not deliver there" in text) == (422, True)
    assert "ada@example.com" in text
    assert not Checkout.objects.exists()


@pytest.mark.parametrize(
    ("tampered", "code"),
    [
        ({"agreed": "CNY l1:1"}, "price_changed"),
        ({"agreed": "1"}, "agreement"),
        ({"agreed": "USD l1:10000"}, "price_changed"),
        ({"currency": "USD"}, "currency_not_offered"),
        ({"way": "12345"}, "unknown_method"),
        ({"way": "x"}, "unknown_method"),
    ],
)
def test_a_tampered_form_is_refused_with_its_code_logged_and_nothing_written(
    tampered: dict[str, str], code: str, caplog: pytest.LogCaptureFixture
) -> None:
    item = make.variant(price=10_000, stock=3)
    browser = Client()
    values = form(browser, f"?variant={item.pk}&n=1")
    if way := tampered.pop("way", ""):
        tampered = {f"way-{item.product.shop_id}": way}

    with caplog.at_level(logging.INFO, logger="banyan.orders.actions.agreeing"):
        status, text = send(browser, values | tampered)

    assert status in {409, 422}
    assert f"not placed: {code}" in caplog.text
    assert not Checkout.objects.exists()
    assert make.stock_of(item).reserved == 0
    assert "Traceback" not in text


@pytest.mark.parametrize("n", ["-1", "0", "999999999999", "x"])
def test_a_quantity_that_cannot_be_bought_places_nothing(n: str) -> None:
    item = make.variant(price=10_000, stock=3)
    browser = Client()
    values = form(browser, f"?variant={item.pk}&n=2")
    status, _text = send(browser, values | {"n": n})
    assert status in {409, 422}, "the page shows what it would be and asks again"
    assert not Checkout.objects.exists()
    assert make.stock_of(item).reserved == 0


def test_a_member_sees_the_price_for_members_on_the_page_of_the_product() -> None:
    shop = make.shop()
    item = make.variant(shop, price=1_000)
    prices.price_list(shop, {item: 800}, audience="members")
    url = reverse("product", args=[shop.slug, item.product.slug])
    assert "CN¥10.00" in Client().get(url).content.decode()
    assert "CN¥8.00" not in Client().get(url).content.decode()
    told = signed_in(make.member()).get(url).content.decode()
    assert "CN¥8.00" in told
    assert "CN¥10.00" in told, "what it costs others"
