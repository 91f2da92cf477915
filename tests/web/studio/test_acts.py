"""The owner reads who did what: to orders, goods, prices, stock and coupons, in words."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop
from banyan.entitlements import actions as entitlements
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.orders import actions as orders
from banyan.people.models import Account
from tests.support import factories as make

from .scene import client

pytestmark = pytest.mark.django_db


def acts(shop: Shop) -> str:
    answer = client(shop.owner).get(reverse("studio_acts", args=[shop.slug]))
    assert answer.status_code == 200
    return unescape(re.sub(r"<[^>]+>|\s+", " ", answer.content.decode()))


def manager_of(shop: Shop) -> Actor:
    mia = make.member("mia")
    catalog.hire(actor=make.actor(shop.owner), shop_id=shop.pk, account_id=mia.pk, role="manager")
    return make.actor(mia)


def test_a_price_that_a_manager_changed_is_told_with_what_it_was() -> None:
    item = make.variant(price=2_000)
    shop, product = item.product.shop, item.product
    mia = manager_of(shop)
    data = catalog.ProductInput(
        title=product.title, variants=[catalog.VariantInput(price=1, on_hand=10)]
    )
    catalog.update_product(actor=mia, product_id=product.pk, data=data)

    told = acts(shop)
    assert "Mia" in told
    assert "Changed a product" in told
    assert "20.00 → 0.01" in told


def test_counted_stock_is_told_with_what_it_was_and_by_whom() -> None:
    item = make.variant(stock=10)
    shop = item.product.shop
    mia = manager_of(shop)
    catalog.set_on_hand(actor=mia, variant_id=item.pk, on_hand=0)

    told = acts(shop)
    assert "Counted stock" in told
    assert "10 → 0" in told
    url = reverse("studio_stock_story", args=[shop.slug, item.pk])
    story = client(shop.owner).get(url).content.decode()
    assert "Mia" in story
    assert str(mia.id) not in story


def test_coupons_terms_and_what_goes_on_and_off_sale_are_told_in_words() -> None:
    item = make.variant()
    shop = item.product.shop
    mia = manager_of(shop)
    coupon = entitlements.create_coupon(
        actor=mia, shop_id=shop.pk, title="Spring", code="SPRING", percent_bps=1_000, cap=5
    )
    entitlements.pause_coupon(actor=mia, coupon_id=coupon.pk)
    orders.set_terms(actor=mia, shop_id=shop.pk, confirm_days=10, return_days=0)
    catalog.unpublish_product(actor=mia, product_id=item.product_id)

    told = acts(shop)

    for words in (
        "Made a coupon",
        "Stopped a coupon",
        "Changed the terms after the sale",
        "Took a product off sale",
    ):
        assert words in told
    assert not re.search(r"\b(shop|coupon|product|staff|stock)\.[a-z_]+\b", told)


def test_what_the_platform_decided_about_the_shop_is_told_in_words() -> None:
    shop = make.shop()
    catalog.suspend_shop(
        actor=make.actor(make.staff("moderation")), shop_id=shop.pk, reason="a look"
    )
    assert "Suspended a shop" in acts(shop)


def test_what_the_clock_does_is_no_act_of_anybody() -> None:
    item = make.variant(stock=10)
    before = AuditEntry.objects.count()
    catalog.set_on_hand(actor=Actor.system("demo"), variant_id=item.pk, on_hand=3)
    assert AuditEntry.objects.count() == before


def test_a_refund_that_somebody_of_the_shop_gives_themselves_is_told() -> None:
    item = make.variant(price=10_000)
    shop = item.product.shop
    mia = manager_of(shop)
    buyer = Account.objects.get(pk=mia.id or 0)
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
    orders.grant_refund(actor=mia, order_id=order.pk, amount=10_000, reason="For me", key="mine")

    told = acts(shop)

    assert "Granted a refund" in told
    assert order.number in told
    assert "For me" in told


def test_whom_a_price_list_was_for_is_told_though_the_list_is_gone() -> None:
    item, friend = make.variant(price=10_000), make.member("friend")
    shop = item.product.shop
    mia = manager_of(shop)
    data = catalog.ListInput(
        name="Quiet", currency="CNY", audience="accounts", handles=[friend.handle]
    )
    made = catalog.save_price_list(actor=mia, shop_id=shop.pk, data=data)
    rows = [catalog.RowInput(item.pk, 1, 1)]
    catalog.set_list_prices(actor=mia, shop_id=shop.pk, list_id=made.pk, rows=rows)
    catalog.remove_price_list(actor=mia, shop_id=shop.pk, list_id=made.pk)

    told = acts(shop)

    assert told.count("Changed a price list") == 2
    assert "Took a price list away" in told
    assert told.count("Quiet") == 3
    assert "@friend" in told
