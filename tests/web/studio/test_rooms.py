"""Who may enter a shop's rooms: staff see 200, everybody else sees nothing and changes nothing."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, ShippingMethod, Shop, Stock
from banyan.earnings.models import PlanVersion
from banyan.entitlements.models import Coupon
from banyan.kernel.models import StateChange
from banyan.orders.models import OrderNote, OrderRefund, Shipment
from banyan.payments.models import ConnectedAccount
from tests.market.deals import listing
from tests.support import factories
from tests.support.pages import Page

from .scene import Scene, client, scene

pytestmark = pytest.mark.django_db


def pages(at: Scene) -> list[str]:
    """Return every page of the shop's rooms."""
    slug = at.shop.slug
    names = ("today", "orders", "goods", "product_new", "coupons", "coupon_new", "settings")
    return [
        *(reverse(f"studio_{name}", args=[slug]) for name in names),
        reverse("studio_today", args=[slug]) + "?part=now",
        reverse("studio_orders", args=[slug]) + "?state=paid",
        reverse("studio_orders", args=[slug]) + "?state=asked",
        reverse("studio_order", args=[slug, at.order.pk]),
        reverse("studio_product", args=[slug, at.item.product_id]),
    ]


def posts(at: Scene, slug: str) -> list[tuple[str, dict[str, str]]]:
    """Return every form of the rooms, filled in so that it would be accepted."""
    order, product = at.order.pk, at.item.product_id
    return [
        (reverse("studio_order_ship", args=[slug, order]), {"carrier": "SF"}),
        (reverse("studio_order_refund", args=[slug, order]), {"amount": "1", "reason": "x"}),
        (reverse("studio_order_note", args=[slug, order]), {"body": "Hello"}),
        (reverse("studio_stock", args=[slug, at.item.pk]), {"on_hand": "99"}),
        (reverse("studio_product_state", args=[slug, product]), {"do": "unpublish"}),
        (reverse("studio_product", args=[slug, product]), {"title": "Mine", "v0_price": "1"}),
        (reverse("studio_product_new", args=[slug]), {"title": "Mine", "v0_price": "1"}),
        (
            reverse("studio_coupon_new", args=[slug]),
            {
                "title": "C",
                "benefits": "amount_off",
                "benefits-amount_off-amount": "1",
                "cap": "1",
                "per_person": "1",
            },
        ),
        (reverse("studio_settings", args=[slug]), {"form": "shop", "name": "Stolen"}),
        (
            reverse("studio_settings", args=[slug]),
            {"form": "terms", "rate_bps": "1", "levels": "1", "hold_days": "1"},
        ),
    ]


def state_of_things() -> tuple[object, ...]:
    """Return what the forms could have changed."""
    return (
        list(Stock.objects.order_by("pk").values_list("on_hand", "allocated", "reserved")),
        list(Product.objects.order_by("pk").values_list("title", "state")),
        list(Shop.objects.order_by("pk").values_list("name", flat=True)),
        *(
            model.objects.count()
            for model in (Coupon, OrderNote, OrderRefund, PlanVersion, Shipment, StateChange)
        ),
    )


def test_owner_sees_every_page() -> None:
    at = scene()
    browser = client(at.owner)
    assert {url: browser.get(url).status_code for url in pages(at)} == dict.fromkeys(pages(at), 200)


def test_strangers_find_no_page() -> None:
    at = scene()
    for account in (at.stranger, at.buyer, at.sharer):
        browser = client(account)
        found = {url: browser.get(url).status_code for url in pages(at)}
        assert found == dict.fromkeys(pages(at), 404)


def test_visitors_are_asked_to_sign_in() -> None:
    at = scene()
    room = reverse("studio_today", args=[at.shop.slug])
    answer = client().get(room)
    assert answer.status_code == 302
    assert answer["Location"] == f"/login?{urlencode({'next': room})}"


def test_strangers_change_nothing() -> None:
    at = scene()
    before = state_of_things()
    browser = client(at.stranger)
    answers = {url: browser.post(url, data).status_code for url, data in posts(at, at.shop.slug)}
    assert set(answers.values()) == {404}
    assert state_of_things() == before


def test_another_shops_staff_cannot_reach_in_through_their_own_rooms() -> None:
    at = scene()
    other = factories.shop(at.stranger)
    before = state_of_things()
    browser = client(at.stranger)
    foreign = [(url, data) for url, data in posts(at, other.slug) if "/orders/" in url]
    foreign += [(url, data) for url, data in posts(at, other.slug) if "/stock/" in url]
    foreign += [(u, d) for u, d in posts(at, other.slug) if f"/goods/{at.item.product_id}" in u]
    assert len(foreign) == 6
    assert {browser.post(url, data).status_code for url, data in foreign} == {404}
    assert state_of_things() == before


def test_a_clerk_ships_but_does_not_manage() -> None:
    at = scene()
    catalog.hire(
        actor=factories.actor(at.owner),
        shop_id=at.shop.pk,
        account_id=at.stranger.pk,
        role="clerk",
    )
    browser = client(at.stranger)
    for name in ("coupons", "coupon_new", "settings", "product_new"):
        assert browser.get(reverse(f"studio_{name}", args=[at.shop.slug])).status_code == 404
    refund = reverse("studio_order_refund", args=[at.shop.slug, at.order.pk])
    assert browser.post(refund, {"amount": "1", "reason": "x"}).status_code == 404
    assert OrderRefund.objects.count() == 0
    ship = reverse("studio_order_ship", args=[at.shop.slug, at.order.pk])
    assert browser.post(ship, {"carrier": "SF"}).status_code == 302
    assert Shipment.objects.get().carrier == "SF"


def test_one_shop_is_entered_at_once_and_several_are_listed() -> None:
    owner = factories.member()
    browser = client(owner)
    assert reverse("shop_open") in browser.get(reverse("studio_home")).content.decode()
    first = factories.shop(owner)
    answer = browser.get(reverse("studio_home"))
    assert answer["Location"] == reverse("studio_today", args=[first.slug])
    second = factories.shop(owner)
    text = browser.get(reverse("studio_home")).content.decode()
    assert first.name in text
    assert second.name in text


def test_who_sells_one_thing_second_hand_can_still_open_a_shop() -> None:
    seller = listing().seller
    answer = client(seller).get(reverse("studio_home"))
    assert answer.status_code == 200
    assert reverse("shop_open") in answer.content.decode()


def test_a_shop_is_opened_and_a_refusal_keeps_what_was_typed() -> None:
    browser = client(factories.member())
    given = {"name": "Tea & Clay", "slug": "tea", "currency": "EUR", "shipping_amount": "4,x"}
    refused = browser.post(reverse("shop_open"), given)
    assert refused.status_code == 422
    assert "Tea &amp; Clay" in refused.content.decode()
    assert Shop.objects.count() == 0
    answer = browser.post(reverse("shop_open"), given | {"shipping_amount": "4.90"})
    assert answer.status_code == 302
    made = Shop.objects.get()
    way = ShippingMethod.objects.get(zone__shop=made)
    assert (made.slug, made.currency, way.bands) == ("tea", "EUR", [[0, 490]])


def test_only_an_owner_says_where_the_shops_money_goes() -> None:
    shop, manager = factories.shop(), factories.member()
    catalog.hire(
        actor=factories.actor(shop.owner), shop_id=shop.pk, account_id=manager.pk, role="manager"
    )
    url = f"/studio/{shop.slug}/payments/connect"
    told = {"provider": "stripe", "account": "acct_mine", "name": "Me"}

    browser = Client()
    browser.force_login(manager)
    assert browser.get(f"/studio/{shop.slug}/payments").status_code == 200
    refused = browser.post(url, told)
    browser.force_login(shop.owner)
    owner = browser.post(url, told)

    assert refused.status_code == 404
    assert owner.status_code == 302
    assert not ConnectedAccount.objects.exists()  # no provider passes money on here


def test_a_shop_elsewhere_says_so_and_sells_under_a_number_of_its_own_country() -> None:
    at = scene()
    browser = client(at.owner)
    settings = reverse("studio_settings", args=[at.shop.slug])
    shown = next(
        form.fields
        for form in Page(browser.get(settings).content.decode()).forms
        if form.fields.get("form") == "shop"
    )
    assert (at.shop.country, at.shop.timezone) == ("CN", "Asia/Shanghai")
    legal = {
        "form": "legal",
        "legal_name": "Kiln GmbH",
        "legal_address": "Uferstr. 1, Berlin",
        "tax_id": "DE123456789",
    }
    after = reverse("studio_after_sale", args=[at.shop.slug])
    assert browser.post(after, legal).status_code == 422

    here = {"country": "DE", "timezone": "Europe/Berlin"}
    assert browser.post(settings, shown | here).status_code == 302

    at.shop.refresh_from_db()
    assert (at.shop.country, at.shop.timezone, at.shop.name) == (*here.values(), shown["name"])
    assert browser.post(after, legal).status_code == 302
    for wrong in ({"country": "Germany"}, {"timezone": "Berlin"}):
        assert browser.post(settings, shown | wrong).status_code == 422
