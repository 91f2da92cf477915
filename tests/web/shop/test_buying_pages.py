"""Checkout and the buyer's page: each country's own words, nothing typed is lost, time is shown."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from banyan.entitlements.actions import create_coupon
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.people import actions as people
from tests.delivery import goods
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def buy_url() -> str:
    return f"/checkout?variant={make.variant(price=10_000).pk}&n=1"


@pytest.mark.parametrize(
    ("country", "asked", "not_asked"),
    [
        ("CN", ["Province", "District or county", 'autocomplete="shipping tel"'], ["ZIP code"]),
        ("TW", ["County or city", "District or township"], ["Province"]),
        ("DE", ["Postcode", "City"], ["Province", "Phone"]),
        ("US", ["ZIP code", "State"], ["District", "Phone"]),
    ],
)
def test_each_country_is_asked_in_its_own_words_and_only_for_what_a_parcel_needs(
    country: str, asked: list[str], not_asked: list[str]
) -> None:
    page = Client().get(f"{buy_url()}&country={country}").content.decode()
    form = page.split("<fieldset")[1].split("<details")[0].split("</select>")[-1]
    assert all(label in form for label in asked), form
    assert not any(label in form for label in not_asked), form


def test_a_pasted_line_fills_the_fields_to_be_checked() -> None:
    url = buy_url()
    variant = url.split("variant=")[1].split("&")[0]
    line = "王小明 13800138000 浙江省杭州市西湖区文三路 1 号"
    answer = Client().post(
        "/checkout",
        {"variant": variant, "n": "1", "country": "CN", "line": line, "again": "line"},
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'value="王小明"' in page
    assert 'value="浙江省"' in page
    assert "Please check what we read" in page
    assert not Checkout.objects.exists()


def test_a_member_chooses_among_their_own_addresses_only() -> None:
    ana, ben = make.member("ana"), make.member("ben")
    for owner, street in ((ana, "Lake Road 1"), (ana, "Hill Road 2"), (ben, "Secret Road 3")):
        fields = {**make.ADDRESS, "street": street}
        people.add_address(actor=make.actor(owner), fields=fields)
    client = Client()
    client.force_login(ana)
    url = buy_url()
    variant = url.split("variant=")[1].split("&")[0]
    second = ana.addresses.get(street="Hill Road 2")
    assert 'value="Lake Road 1"' in client.get(url).content.decode()

    form = {"variant": variant, "n": "1", "again": "book"}
    assert (
        'value="Hill Road 2"'
        in client.post("/checkout", {**form, "book": second.pk}).content.decode()
    )
    foreign = client.post("/checkout", {**form, "book": ben.addresses.get().pk})
    assert "Secret Road" not in foreign.content.decode()


def test_a_refused_checkout_keeps_everything_typed_and_names_the_field() -> None:
    variant = make.variant()
    typed = {**make.ADDRESS, "phone": "12", "email": "cy@example.com", "line": "half typed"}
    answer = Client().post("/checkout", {"variant": variant.pk, "n": "1", **typed})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "This is not a phone number." in page
    assert '<div class="errors" role="alert" tabindex="-1" data-focus>' in page
    assert '<a href="#f-phone">This is not a phone number.</a>' in page
    assert 'id="f-phone"' in page
    assert all(value in page for name, value in typed.items() if name != "country")
    assert not Checkout.objects.exists()


def test_an_unpaid_order_counts_down_and_shows_a_way_on_when_the_time_is_up() -> None:
    variant = make.variant()
    checkout = make.place((variant, 1))
    page = Client().get(f"/o/{checkout.access_token}").content.decode()
    assert f'data-deadline="{checkout.expires_at:%Y-%m-%dT%H:%M}' in page

    with clock.at(checkout.expires_at + dt.timedelta(seconds=1)):
        orders.expire_due(actor=Actor.system("test"))

    page = Client().get(f"/o/{checkout.access_token}").content.decode()
    product = variant.product
    assert "Expired, nothing was charged" in page
    assert f'href="/shop/{product.shop.slug}/{product.slug}"' in page
    assert "data-deadline" not in page


def test_the_page_explains_each_price_and_says_where_the_order_stands() -> None:
    variant = make.variant(price=10_000)
    owner = variant.product.shop.owner
    create_coupon(
        actor=make.actor(owner),
        shop_id=variant.product.shop_id,
        title="Ten",
        code="TEN",
        amount_off=1_000,
    )
    checkout = make.pay(make.place((variant, 2), coupon="TEN"))
    page = Client().get(f"/o/{checkout.access_token}").content.decode()
    assert "The price in detail" in page
    assert "2 × CN¥100.00" in page
    assert "Coupon “Ten”, paid for by the shop" in page
    assert "Thank you. It is paid." in page

    orders.ship(
        actor=make.actor(owner), order_id=checkout.orders.get().pk, carrier="SF", tracking="S1"
    )
    page = Client().get(f"/o/{checkout.access_token}").content.decode()
    assert "<h1>On its way</h1>" in page


def test_a_voucher_that_is_there_is_no_parcel_on_its_way() -> None:
    cup = make.variant(stock=5)
    haircut = goods.voucher(of=cup.product.shop)
    checkout = make.pay(make.place((cup, 2), (haircut, 1)))
    url = f"/o/{checkout.access_token}"
    page = Client().get(url).content.decode()
    assert "Part of it is here, the rest follows" in page
    assert "Partly on its way" not in page

    order = checkout.orders.get()
    line = order.lines.get(variant=cup)
    orders.ship(
        actor=make.actor(cup.product.shop.owner),
        order_id=order.pk,
        carrier="SF",
        units={line.pk: 1},
    )
    page = Client().get(url).content.decode()
    assert "Partly on its way" in page
    assert "the rest follows" not in page


def test_a_visitor_is_led_to_the_order_of_a_visitor_and_from_there_to_the_sign_in() -> None:
    front = Client().get("/explore").content.decode()
    assert 'href="/orders/find"' in front
    found = Client().get("/orders/find").content.decode()
    assert 'href="/login?next=/orders"' in found

    member = Client()
    member.force_login(make.member())
    assert 'href="/orders/find"' not in member.get("/explore").content.decode()
    assert "/login?next=" not in member.get("/orders/find").content.decode()


def test_where_nothing_is_sent_nothing_is_said_of_shipping_and_a_guest_must_be_reached() -> None:
    haircut = goods.voucher()
    page = Client().get(f"/checkout?variant={haircut.pk}&n=1").content.decode()
    label = page[page.index('<label for="f-email">') :].split("</label>")[0]
    assert "optional" not in label

    checkout = make.pay(make.place((haircut, 1)))

    receipt = Client().get(f"/o/{checkout.access_token}").content.decode()
    owner = Client()
    owner.force_login(goods.shop_of(haircut).owner)
    order = checkout.orders.get()
    told = owner.get(f"/studio/{order.shop.slug}/orders/{order.pk}").content.decode()
    assert "<dt>Shipping</dt>" not in receipt
    assert "<dt>Shipping</dt>" not in told
