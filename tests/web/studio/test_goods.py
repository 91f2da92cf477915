"""Goods, coupons and terms through their forms."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, ProductImage, Stock, Variant
from banyan.earnings.models import PlanVersion
from banyan.entitlements.models import Coupon
from banyan.kernel.problems import Invalid
from banyan.web.studio.typed import Typed
from tests.api.client import Program, problem
from tests.media.samples import jpeg
from tests.support import factories

from .scene import client, scene

pytestmark = pytest.mark.django_db

FORM = {
    "title": "Cup",
    "description": "Blue glaze",
    "language": "en",
    "title_zh-hans": "杯子",
    "title_zh-hant": "杯子（繁）",
    "option1": "Size",
    "rows": "6",
    "v0_o1": "S",
    "v0_price": "12.50",
    "v0_was": "15",
    "v0_stock": "3",
    "v0_sku": "CUP-S",
    "v5_o1": "L",
    "v5_price": "20",
    "v5_stock": "0",
}


def test_a_product_with_variants_pictures_and_languages_is_made() -> None:
    shop = factories.shop()
    picture = SimpleUploadedFile("cup.jpg", jpeg(300, 200, 1), content_type="image/jpeg")
    url = reverse("studio_product_new", args=[shop.slug])
    answer = client(shop.owner).post(url, FORM | {"pictures_files": picture})
    assert answer.status_code == 302
    made = Product.objects.get()
    assert (made.state, made.options) == ("draft", ["Size"])
    assert made.texts == {"zh-hans": {"title": "杯子"}, "zh-hant": {"title": "杯子（繁）"}}
    rows = made.variants.values_list(
        "values", "price_amount", "compare_at_amount", "sku", "stock__on_hand"
    )
    assert list(rows) == [(["S"], 1250, 1500, "CUP-S", 3), (["L"], 2000, None, "", 0)]
    assert ProductImage.objects.filter(product=made).count() == 1


def test_an_empty_form_is_in_the_language_of_who_reads_it() -> None:
    shop = factories.shop()
    url = reverse("studio_product_new", args=[shop.slug])
    browser = client(shop.owner)
    for code in ("en", "zh-hans"):
        browser.cookies["banyan_language"] = code
        form = browser.get(url).content.decode()
        assert f'<option value="{code}" lang="{code}" selected>' in form


def test_a_refused_product_keeps_every_field_and_the_picture() -> None:
    shop = factories.shop()
    picture = SimpleUploadedFile("cup.jpg", jpeg(300, 200, 1), content_type="image/jpeg")
    url = reverse("studio_product_new", args=[shop.slug])
    form = FORM | {"v5_price": "dear", "pictures_files": picture}
    answer = client(shop.owner).post(url, form)
    assert answer.status_code == 422
    text = answer.content.decode()
    for given in ("Cup", "Blue glaze", "杯子", "12.50", "CUP-S", "dear", "cup.jpg"):
        assert given in text
    assert Product.objects.count() == 0


def test_a_new_product_asks_for_one_price_until_an_option_is_named() -> None:
    shop = factories.shop()
    url = reverse("studio_product_new", args=[shop.slug])
    browser = client(shop.owner)
    empty = browser.get(url).content.decode()
    assert 'name="v0_price"' in empty
    assert 'name="v1_price"' not in empty
    assert 'name="v0_o1"' not in empty
    typed = {"title": "Cup", "rows": "1", "v0_price": "12.50", "more": "1"}
    assert 'name="v1_price"' not in browser.post(url, typed).content.decode()
    more = browser.post(url, typed | {"option1": "Size"}).content.decode()
    assert '<th scope="col">Size</th>' in more
    assert 'name="v5_o1"' in more
    assert 'value="12.50"' in more
    assert Product.objects.count() == 0


def test_an_age_that_cannot_be_read_is_refused_and_not_forgotten() -> None:
    shop = factories.shop()
    url = reverse("studio_product_new", args=[shop.slug])
    form = {"title": "Knife", "v0_price": "10", "min_age": "18 years"}
    refused = client(shop.owner).post(url, form)
    assert refused.status_code == 422
    assert "Enter a whole number." in refused.content.decode()
    assert Product.objects.count() == 0
    client(shop.owner).post(url, form | {"min_age": "18"})
    assert Product.objects.get().min_age == 18


def test_what_is_read_after_the_check_is_refused_at_once() -> None:
    typed = Typed({"price": "1.50", "n": "many"}, "EUR")
    assert typed.amount("price") == 150
    typed.check()
    with pytest.raises(Invalid) as refused:
        typed.whole("n")
    assert set(refused.value.fields) == {"n"}


def test_more_rows_are_drawn_without_saving() -> None:
    shop = factories.shop()
    url = reverse("studio_product_new", args=[shop.slug])
    text = client(shop.owner).post(url, FORM | {"more": "1"}).content.decode()
    assert 'name="v10_price"' in text
    assert 'name="v11_price"' not in text
    assert "CUP-S" in text
    assert Product.objects.count() == 0


def test_what_is_seldom_asked_is_folded_until_it_says_something() -> None:
    shop = factories.shop()
    url = reverse("studio_product_new", args=[shop.slug])
    browser = client(shop.owner)
    assert '<details class="fold" open>' not in browser.get(url).content.decode()
    for said in ({"tags": "tea"}, {"tax_class": "reduced"}, {"title_zh-hans": "杯子"}):
        drawn = browser.post(url, {"title": "Cup", "look": "1"} | said).content.decode()
        assert drawn.count('<details class="fold" open>') == 1, said
    refused = browser.post(url, {"title": "Cup", "v0_price": "1", "min_age": "old"})
    assert refused.status_code == 422
    assert refused.content.decode().count('<details class="fold" open>') == 1


def test_saving_an_old_form_does_not_bring_back_sold_stock() -> None:
    at = scene(price=1000)
    Stock.objects.filter(variant=at.item).update(on_hand=4)
    url = reverse("studio_product", args=[at.shop.slug, at.item.product_id])
    form = {"title": "New name", "v0_price": "10", "v0_stock": "10", "v0_had": "10"}
    assert client(at.owner).post(url, form).status_code == 302
    assert Stock.objects.get(variant=at.item).on_hand == 4
    assert Product.objects.get().title == "New name"
    assert Variant.objects.get().pk == at.item.pk


def test_a_figure_typed_beside_an_old_one_is_confirmed_first() -> None:
    at = scene(price=1000)
    Stock.objects.filter(variant=at.item).update(on_hand=4)
    browser = client(at.owner)
    url = reverse("studio_product", args=[at.shop.slug, at.item.product_id])
    form = {"title": "New name", "v0_price": "10", "v0_stock": "12", "v0_had": "10"}

    refused = browser.post(url, form)

    page = refused.content.decode()
    assert refused.status_code == 422
    assert "Meanwhile there are 4. Please look again and confirm." in page
    assert 'name="v0_stock" id="f-v0_stock" value="12"' in page
    assert 'name="v0_had" value="4"' in page
    assert Stock.objects.get(variant=at.item).on_hand == 4
    assert browser.post(url, form | {"v0_had": "4"}).status_code == 302
    assert Stock.objects.get(variant=at.item).on_hand == 12

    in_list = reverse("studio_stock", args=[at.shop.slug, at.item.pk])
    refused = browser.post(in_list, {"on_hand": "20", "saw": "10"})
    assert refused.status_code == 422
    assert "Meanwhile there are 12." in refused.content.decode()
    assert 'name="saw" value="12"' in refused.content.decode()
    assert browser.post(in_list, {"on_hand": "20", "saw": "12"}).status_code == 302
    assert Stock.objects.get(variant=at.item).on_hand == 20
    merchant = Program(at.owner)
    path = f"/variants/{at.item.pk}/stock"
    assert problem(merchant.send("PUT", path, {"on_hand": 5, "saw": 12})) == (409, "stock_changed")
    assert merchant.do("PUT", path, {"on_hand": 5, "saw": 20})["free"] == 4


def test_pictures_of_other_products_cannot_be_taken_over() -> None:
    at = scene()
    other = factories.product(at.shop)
    picture = SimpleUploadedFile("cup.jpg", jpeg(300, 200, 1), content_type="image/jpeg")
    browser = client(at.owner)
    mine = reverse("studio_product", args=[at.shop.slug, at.item.product_id])
    form = {"title": "A", "v0_price": "10"}
    assert browser.post(mine, form | {"pictures_files": picture}).status_code == 302
    image_id = ProductImage.objects.get().image_id
    theirs = reverse("studio_product", args=[at.shop.slug, other.pk])
    assert browser.post(theirs, form | {"keep": str(image_id)}).status_code == 302
    assert list(ProductImage.objects.values_list("product_id")) == [(at.item.product_id,)]
    assert browser.post(mine, form | {"keep": str(image_id)}).status_code == 302
    assert ProductImage.objects.get().image_id == image_id


def test_stock_is_set_in_the_list_but_not_below_what_is_promised() -> None:
    at = scene(quantity=2)
    browser = client(at.owner)
    url = reverse("studio_stock", args=[at.shop.slug, at.item.pk])
    assert browser.post(url, {"on_hand": "7"}).status_code == 302
    assert Stock.objects.get(variant=at.item).on_hand == 7
    for given in ("1", "many", ""):
        refused = browser.post(url, {"on_hand": given})
        assert refused.status_code == 422
        assert f'value="{given}" aria-invalid' in refused.content.decode()
    assert Stock.objects.get(variant=at.item).on_hand == 7


def test_a_product_goes_off_sale_and_on_again() -> None:
    at = scene()
    browser = client(at.owner)
    url = reverse("studio_product_state", args=[at.shop.slug, at.item.product_id])
    for wanted, state in (("unpublish", "draft"), ("publish", "active")):
        assert browser.post(url, {"do": wanted}).status_code == 302
        assert Product.objects.get().state == state


def test_coupons_are_made_stopped_and_refused() -> None:
    shop = factories.shop()
    browser = client(shop.owner)
    url = reverse("studio_coupon_new", args=[shop.slug])
    nothing = {"title": "Ten", "code": "TEN", "cap": "5", "per_person": "1"}
    refused = browser.post(url, nothing)
    assert refused.status_code == 422
    assert 'value="TEN"' in refused.content.decode()
    assert Coupon.objects.count() == 0
    form = nothing | {
        "benefits": "percent_off",
        "benefits-percent_off-bps": "12.5",
        "starts_at": "2030-01-01T08:00",
    }
    assert browser.post(url, form).status_code == 302
    made = Coupon.objects.get()
    assert made.benefits == [{"code": "percent_off", "args": {"bps": 1250}}]
    assert (made.cap, made.per_person) == (5, 1)
    assert made.starts_at is not None
    assert made.starts_at.isoformat() == "2030-01-01T00:00:00+00:00"  # Shanghai's morning
    stop = reverse("studio_coupon_state", args=[shop.slug, made.pk])
    assert browser.post(stop, {"do": "pause"}).status_code == 302
    assert Coupon.objects.get().is_active is False


def test_terms_are_set_for_shop_and_product_and_refused_over_the_cap() -> None:
    at = scene()
    browser = client(at.owner)
    url = reverse("studio_settings", args=[at.shop.slug])
    form = {"form": "terms", "rate_bps": "12.5", "levels": "2", "direct_bps": "80"}
    form |= {"hold_days": "14", "product": str(at.item.product_id)}
    assert browser.post(url, form).status_code == 302
    made = PlanVersion.objects.get(plan__product=at.item.product_id)
    assert (made.rate_bps, made.levels, made.direct_bps, made.hold_days) == (1250, 2, 8000, 14)
    before = PlanVersion.objects.count()
    for wrong in ({"rate_bps": "51"}, {"levels": "3"}, {"direct_bps": "60"}, {"hold_days": "x"}):
        assert browser.post(url, form | wrong).status_code == 422
    assert browser.post(url, form | {"product": "7"}).status_code == 404
    assert PlanVersion.objects.count() == before


def test_the_shops_words_are_changed() -> None:
    shop = factories.shop()
    form = {"form": "shop", "name": "New", "about": "Clay"}
    url = reverse("studio_settings", args=[shop.slug])
    assert client(shop.owner).post(url, form).status_code == 302
    shop.refresh_from_db()
    assert (shop.name, shop.about) == ("New", "Clay")


def test_what_the_platform_took_down_is_called_so_in_words() -> None:
    gone = factories.product()
    office = factories.actor(factories.staff("moderation"))
    catalog.take_down_product(actor=office, product_id=gone.pk, reason="unsafe")
    browser, shop = client(gone.shop.owner), gone.shop
    for url in (
        reverse("studio_goods", args=[shop.slug]),
        reverse("studio_product", args=[shop.slug, gone.pk]),
    ):
        page = browser.get(url).content.decode()
        assert ">Taken down<" in page
        assert ">taken_down<" not in page


@pytest.mark.parametrize(
    ("currency", "example"), [("CNY", "12.50"), ("JPY", "1250"), ("KWD", "1.250")]
)
def test_an_amount_is_asked_for_as_its_currency_writes_it(currency: str, example: str) -> None:
    shop = factories.shop(currency=currency)
    browser = client(shop.owner)
    new = reverse("studio_product_new", args=[shop.slug])
    cup = {"title": "Cup", "language": "en", "rows": "1", "v0_stock": "3"}
    refused = browser.post(new, cup | {"v0_price": "a lot"})
    assert f"Enter an amount such as {example}." in refused.content.decode()
    assert browser.post(new, cup | {"v0_price": example}).status_code == 302
    assert Variant.objects.get(product__shop=shop).price_amount == 1_250


def test_a_comma_before_the_cents_makes_nothing_a_hundred_times_dearer() -> None:
    at = scene(price=200_000)
    browser = client(at.owner)
    url = reverse("studio_order_refund", args=[at.shop.slug, at.order.pk])
    assert browser.post(url, {"amount": "12,50", "reason": "Late", "key": "k"}).status_code == 302
    assert at.order.refunds.get().amount == 1_250
    cup = {"title": "Cup", "language": "en", "rows": "1", "v0_stock": "3"}
    new = reverse("studio_product_new", args=[at.shop.slug])
    assert browser.post(new, cup | {"v0_price": "12,50"}).status_code == 302
    assert Variant.objects.get(product__title="Cup").price_amount == 1_250
    refused = browser.post(new, cup | {"v0_price": "12,5,0"})
    assert refused.status_code == 422
    assert "Enter an amount such as 12.50." in refused.content.decode()
    typed = Typed({"rate": "12,5", "tax": "8,875"})
    assert (typed.rate("rate"), typed.millionths("tax")) == (1_250, 88_750)
