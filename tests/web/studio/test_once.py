"""Two taps on a form make one shop, one product, one coupon, one request, one message."""

from __future__ import annotations

import pytest
from django.urls import reverse

from banyan.catalog.models import Product
from banyan.entitlements.actions import create_coupon
from banyan.entitlements.models import Coupon, Grant
from banyan.market.models import Listing
from banyan.orders.models import OrderNote
from banyan.payments.models import PaymentRequest
from banyan.sales.models import CodeBatch
from tests.market import deals
from tests.sales.scene import on
from tests.support import factories as make
from tests.support.pictures import staged_picture

from .scene import client, scene

pytestmark = pytest.mark.django_db
TOKEN = {"csrfmiddlewaretoken": "a" * 64}
ANOTHER = {"csrfmiddlewaretoken": "b" * 64}


def sent(browser: object, url: str, form: dict[str, str]) -> str:
    answer = browser.post(url, form)  # type: ignore[attr-defined]  # a test client
    assert answer.status_code == 302, answer.content.decode()[:500]
    return str(answer["Location"])


def test_a_coupon_whose_code_we_make_is_made_once() -> None:
    shop = make.shop()
    browser, url = client(shop.owner), reverse("studio_coupon_new", args=[shop.slug])
    form = {"title": "Spring", "reach": "code", "cap": "9", "per_person": "1", "stacking": "shop"}
    form |= {"benefits": "percent_off", "benefits-percent_off-bps": "10"}

    assert sent(browser, url, TOKEN | form) == sent(browser, url, TOKEN | form)

    assert Coupon.objects.count() == 1
    sent(browser, url, ANOTHER | form)
    assert Coupon.objects.count() == 2


def test_a_product_with_pictures_is_made_once_and_may_be_changed_as_often_as_one_likes() -> None:
    shop = make.shop()
    browser, url = client(shop.owner), reverse("studio_product_new", args=[shop.slug])
    form = {"title": "Cup", "v0_price": "12.00", "v0_on_hand": "3"}
    form |= {"pictures": staged_picture(make.actor(shop.owner))}

    first = sent(browser, url, TOKEN | form)
    assert sent(browser, url, TOKEN | form) == first

    made = Product.objects.get()
    for title in ("Mug", "Cup", "Mug"):
        change = TOKEN | {"title": title, "v0_price": "12.00", "v0_on_hand": "3", "v0_saw": "3"}
        sent(browser, first, change)
        made.refresh_from_db()
        assert made.title == title


def test_codes_of_coupons_and_sales_are_made_once() -> None:
    item = make.variant(stock=20)
    shop = item.product.shop
    owner, browser = make.actor(shop.owner), client(shop.owner)
    coupon = create_coupon(actor=owner, shop_id=shop.pk, title="Flyer", amount_off=100, cap=9)
    printed = reverse("studio_coupon_codes", args=[shop.slug, coupon.pk])
    sale = on(item, public=2, code=4)
    given = reverse("studio_sale_codes", args=[shop.slug, sale.pk])
    batch = {"variant": str(item.pk), "channel": "letter", "count": "2"}
    for _n in range(2):
        sent(browser, printed, TOKEN | {"n": "3"})
        sent(browser, given, TOKEN | batch)
    assert Grant.objects.filter(coupon=coupon, source="printed").count() == 3
    assert CodeBatch.objects.count() == 1


def test_a_shop_and_a_group_open_once_and_are_not_said_to_be_taken() -> None:
    browser = client(make.member())
    shop = {"name": "Tea house", "slug": "tea-house", "currency": "CNY"}
    group = {"name": "Tea", "slug": "tea", "visibility": "0", "policy": "open"}
    for url, form in (("/studio/new", shop), ("/groups/new", group)):
        assert sent(browser, url, TOKEN | form) == sent(browser, url, TOKEN | form)
        again = browser.post(url, ANOTHER | form)
        assert again.status_code == 422, "another form that wants the same name is refused"


def test_a_thing_of_ones_own_is_up_for_sale_once() -> None:
    seller = deals.seller()
    form = {"title": "Lamp", "price": "80", "currency": "CNY", "condition": "good"}
    form |= {"handover": "post", "level1": "Zhejiang"}
    form |= {"pictures": staged_picture(make.actor(seller))}
    browser = client(seller)
    url = reverse("listing_new")
    assert sent(browser, url, TOKEN | form) == sent(browser, url, TOKEN | form)
    assert Listing.objects.count() == 1


def test_a_payment_is_asked_for_once() -> None:
    shop = make.shop()
    browser, url = client(shop.owner), reverse("studio_payments", args=[shop.slug])
    form = {"amount": "12.50", "note": "Tuning", "days": "7"}
    for _n in range(2):
        sent(browser, url, TOKEN | form)
    assert PaymentRequest.objects.count() == 1


def test_shop_and_buyer_write_a_message_about_an_order_once() -> None:
    at = scene()
    there = reverse("studio_order_note", args=[at.shop.slug, at.order.pk])
    here = reverse("order_note", args=[at.order.checkout.access_token, at.order.pk])
    for who, url in ((at.owner, there), (at.buyer, here)):
        browser = client(who)
        for _n in range(2):
            sent(browser, url, TOKEN | {"body": "On Monday"})
    assert OrderNote.objects.count() == 2
    for _n in range(2):
        sent(client(), here, TOKEN | {"body": "A guest by their link"})
    assert OrderNote.objects.count() == 4
