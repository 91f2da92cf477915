"""The shop's own pages for delivery, tax and price lists."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import PriceList, ShippingMethod, ShippingZone, TaxZone, Variant
from tests.support import factories as make
from tests.support import prices
from tests.support.pages import Page

from .scene import client

pytestmark = pytest.mark.django_db


def test_a_zone_with_a_way_by_weight_is_made_changed_and_taken_away() -> None:
    shop = make.shop(shipping_amount=900)
    browser = client(shop.owner)
    room = reverse("studio_delivery", args=[shop.slug])
    assert room in browser.get(reverse("studio_settings", args=[shop.slug])).content.decode()
    assert "CN¥9.00" in browser.get(room).content.decode()

    wrong = browser.post(
        reverse("studio_zone_new", args=[shop.slug]), {"name": "Islands", "places": "Mars"}
    )
    assert wrong.status_code == 422
    assert "Islands" in wrong.content.decode()
    fine = {"name": "Islands", "places": "ES:35\nes:38, PT"}
    assert browser.post(reverse("studio_zone_new", args=[shop.slug]), fine).status_code == 302
    zone = ShippingZone.objects.get(name="Islands")
    assert zone.places == ["ES:35", "ES:38", "PT"]
    assert "you do not deliver there" in browser.get(room).content.decode()

    url = reverse("studio_way_new", args=[shop.slug, zone.pk])
    way = {"name": "Ship", "currency": "cny", "basis": "weight", "free_from": "200",
           "bands": "0: 5\n1000: 7.50", "days_min": "3", "days_max": "5"}  # fmt: skip
    bad = browser.post(url, way | {"bands": "much"})
    assert (bad.status_code, "Write each band as" in bad.content.decode()) == (422, True)
    assert browser.post(url, way).status_code == 302
    made = ShippingMethod.objects.get(zone=zone)
    assert (made.bands, made.free_from, made.days_max) == ([[0, 500], [1000, 750]], 20_000, 5)
    edit = reverse("studio_way", args=[shop.slug, zone.pk, made.pk])
    assert "1000: 7.50" in browser.get(edit).content.decode()
    told = browser.get(room).content.decode()
    assert "CN¥5.00 – CN¥7.50" in told
    assert "3 to 5 days" in told

    assert browser.post(edit, {"remove": "1"}).status_code == 302
    assert (
        browser.post(reverse("studio_zone", args=[shop.slug, zone.pk]), {"remove": "1"}).status_code
        == 302
    )
    assert [one.name for one in ShippingZone.objects.filter(shop=shop)] == ["Everywhere"]


def test_an_end_that_nobody_touched_stays_to_the_second_and_in_its_hour() -> None:
    shop = make.shop()
    shop.timezone = "Europe/Berlin"
    shop.save()
    # Half past two comes twice in that night, and this is the second one.
    ends = dt.datetime(2027, 10, 31, 1, 30, 59, tzinfo=dt.UTC)
    found = prices.price_list(shop, {make.variant(shop): 9_000}, ends_at=ends)
    browser = client(shop.owner)
    one = reverse("studio_price_list", args=[shop.slug, found.pk])
    form = {"name": "Renamed", "audience": "everyone", "starts_at": "", "handles": ""}
    assert browser.post(one, form | {"ends_at": "2027-10-31T02:30"}).status_code == 302
    found.refresh_from_db()
    assert (found.name, found.ends_at) == ("Renamed", ends)
    browser.post(one, form | {"ends_at": "2027-10-31T02:29"})
    found.refresh_from_db()
    assert found.ends_at == dt.datetime(2027, 10, 31, 0, 29, tzinfo=dt.UTC)


def test_a_window_over_an_hour_that_the_clock_skips_is_refused_where_it_is_none() -> None:
    shop = make.shop()
    shop.timezone = "Europe/Berlin"
    shop.save()
    new = reverse("studio_price_list_new", args=[shop.slug])
    form = {"name": "Night", "audience": "everyone", "currency": shop.currency, "handles": "",
            "starts_at": "2027-03-28T02:30", "ends_at": "2027-03-28T03:15"}  # fmt: skip
    refused = client(shop.owner).post(new, form)
    assert refused.status_code == 422, "what it begins with is half past three by that clock"
    assert not PriceList.objects.exists()


def test_a_tax_is_set_with_four_decimals_and_shown() -> None:
    shop = make.shop()
    browser = client(shop.owner)
    url = reverse("studio_tax_new", args=[shop.slug])
    form = {"name": "NYC", "places": "US:NY", "standard_rate": "8.875", "included": "no",
            "per": "order", "rounding": "half_even"}  # fmt: skip
    for wrong in ("8.87501", "101", "x"):
        answer = browser.post(url, form | {"standard_rate": wrong})
        assert (answer.status_code, wrong in answer.content.decode()) == (422, True)
    assert browser.post(url, form).status_code == 302
    tax = TaxZone.objects.get(shop=shop)
    assert (tax.standard_rate, tax.included, tax.per) == (88_750, False, "order")
    edit = reverse("studio_tax", args=[shop.slug, tax.pk])
    assert 'value="8.875"' in browser.get(edit).content.decode()
    room = browser.get(reverse("studio_delivery", args=[shop.slug])).content.decode()
    assert "8.875 %" in room
    assert browser.post(edit, {"remove": "1"}).status_code == 302
    assert not TaxZone.objects.exists()


def test_a_list_gets_its_steps_and_prices_on_its_page() -> None:
    shop, friend = make.shop(), make.member()
    item = make.variant(shop, price=1_000)
    browser = client(shop.owner)
    rooms = reverse("studio_price_lists", args=[shop.slug])
    assert rooms in browser.get(reverse("studio_goods", args=[shop.slug])).content.decode()
    form = {"name": "Trade", "currency": "eur", "audience": "accounts", "handles": "@nobody9"}
    refused = browser.post(reverse("studio_price_list_new", args=[shop.slug]), form)
    assert (refused.status_code, "nobody9" in refused.content.decode()) == (422, True)
    form["handles"] = f"@{friend.handle}"
    assert browser.post(reverse("studio_price_list_new", args=[shop.slug]), form).status_code == 302
    found = PriceList.objects.get()
    assert (found.currency, [one.account for one in found.accounts.all()]) == ("EUR", [friend])

    save = reverse("studio_list_prices", args=[shop.slug, found.pk])
    wider = browser.post(save, {"steps": "1, 10", f"p{item.pk}_0": "9.50"})
    page = browser.get(wider["location"]).content.decode()
    assert f'name="p{item.pk}_1"' in page
    bad = browser.post(save, {"steps": "1, 10", f"p{item.pk}_0": "9.50", f"p{item.pk}_1": "x"})
    assert bad.status_code == 422
    browser.post(save, {"steps": "1, 10", f"p{item.pk}_0": "9.50", f"p{item.pk}_1": "8"})
    rows = found.prices.order_by("min_quantity").values_list("min_quantity", "amount")
    assert list(rows) == [(1, 950), (10, 800)]
    assert "Trade" in browser.get(rooms).content.decode()
    one = reverse("studio_price_list", args=[shop.slug, found.pk])
    assert browser.post(one, {"remove": "1"}).status_code == 302
    assert not PriceList.objects.exists()


def test_what_comes_back_while_a_list_is_open_keeps_its_prices() -> None:
    shop = make.shop()
    item, away = make.variant(shop), make.variant(shop)
    found = prices.price_list(shop, {item: 9_000, away: 8_000})
    owner, browser = make.actor(shop.owner), client(shop.owner)
    catalog.archive_product(actor=owner, product_id=away.product_id)
    page = browser.get(reverse("studio_price_list", args=[shop.slug, found.pk])).content.decode()
    assert f'name="p{away.pk}_0"' not in page
    catalog.unpublish_product(actor=owner, product_id=away.product_id)

    save = reverse("studio_list_prices", args=[shop.slug, found.pk])
    browser.post(save, {"steps": "1", f"p{item.pk}_0": "85.00"})

    kept = found.prices.values_list("variant_id", "amount")
    assert dict(kept) == {item.pk: 8_500, away.pk: 8_000}


def test_two_who_write_prices_of_one_list_undo_nothing_of_each_other() -> None:
    shop = make.shop()
    item, other, third = (make.variant(shop) for _ in range(3))
    found = prices.price_list(shop, {item: 9_000, third: 7_000})
    browser = client(shop.owner)
    one = reverse("studio_price_list", args=[shop.slug, found.pk])
    save = reverse("studio_list_prices", args=[shop.slug, found.pk])

    def form(**typed: str) -> dict[str, str]:
        page = Page(browser.get(one).content.decode())
        return next(each.fields for each in page.forms if each.action == save) | typed

    def field(variant: Variant, place: int = 0) -> str:
        return f"p{variant.pk}_{place}"

    stale = form()
    wider = {"steps": "1, 10", field(other, 1): "60.00", field(other): "80.00"}
    assert browser.post(save, form() | wider | {field(third): ""}).status_code == 302
    assert browser.post(save, stale | {field(item): "85.00"}).status_code == 302

    rows = found.prices.values_list("variant_id", "min_quantity", "amount")
    assert set(rows) == {(item.pk, 1, 8_500), (other.pk, 1, 8_000), (other.pk, 10, 6_000)}


@pytest.mark.parametrize("typed", ["@Ana_W", "ana_w", "ANA_W"])
def test_who_is_named_is_found_whatever_letters_are_large(typed: str) -> None:
    shop, ana = make.shop(), make.member("Ana_W")
    form = {"name": "Trade", "currency": "CNY", "audience": "accounts", "handles": typed}
    made = client(shop.owner).post(reverse("studio_price_list_new", args=[shop.slug]), form)
    assert made.status_code == 302
    assert [one.account for one in PriceList.objects.get().accounts.all()] == [ana]


@pytest.mark.parametrize("typed", ["9999-12-31T23:59", "0001-01-01T00:00", "2200-01-02T00:00"])
def test_a_time_that_no_clock_can_tell_is_refused_at_its_field(typed: str) -> None:
    shop = make.shop()
    browser = client(shop.owner)
    form = {"name": "Trade", "currency": "CNY", "audience": "everyone", "ends_at": typed}
    refused = browser.post(reverse("studio_price_list_new", args=[shop.slug]), form)
    assert (refused.status_code, PriceList.objects.count()) == (422, 0)
    assert browser.get(reverse("studio_price_lists", args=[shop.slug])).status_code == 200


def test_nobody_else_sees_or_changes_any_of_it() -> None:
    shop, other = make.shop(), make.shop()
    item = make.variant(shop)
    zone, tax = prices.zone(shop, "DE"), prices.tax(shop, "DE")
    way, listed = prices.way(zone, 500), prices.price_list(shop, {item: 1})
    cases: list[tuple[str, list[Any]]] = [
        ("studio_zone", [zone.pk]),
        ("studio_way", [zone.pk, way.pk]),
        ("studio_tax", [tax.pk]),
        ("studio_price_list", [listed.pk]),
    ]
    for name, ids in cases:
        for slug in (shop.slug, other.slug):
            url = reverse(name, args=[slug, *ids])
            assert client(other.owner).get(url).status_code == 404
            assert client(other.owner).post(url, {"remove": "1"}).status_code == 404
    prices_url = reverse("studio_list_prices", args=[other.slug, listed.pk])
    assert client(other.owner).post(prices_url, {"steps": "1"}).status_code == 404
    assert ShippingZone.objects.filter(pk=zone.pk).exists()
    assert ShippingMethod.objects.filter(pk=way.pk).exists()
    assert TaxZone.objects.filter(pk=tax.pk).exists()
    assert listed.prices.count() == 1


def test_places_are_read_by_name_and_typed_by_code() -> None:
    shop = make.shop()
    browser = client(shop.owner)
    zone = prices.zone(shop, "DE", "US:CA", "*")
    prices.tax(shop, "FR")
    room = reverse("studio_delivery", args=[shop.slug])

    told = browser.get(room).content.decode()
    assert "Germany, United States: CA, Everywhere" in told
    assert '<td data-label="Places">France</td>' in told

    browser.cookies["banyan_language"] = "zh-hans"
    assert "德国, 美国: CA" in browser.get(room).content.decode()
    form = browser.get(reverse("studio_zone", args=[shop.slug, zone.pk])).content.decode()
    assert "DE\nUS:CA\n*" in form


def test_the_currency_of_a_list_is_told_in_a_field_that_does_not_change() -> None:
    shop = make.shop()
    listed = prices.price_list(shop, {make.variant(shop): 1})
    url = reverse("studio_price_list", args=[shop.slug, listed.pk])
    page = client(shop.owner).get(url).content.decode()
    assert re.search(r'<input[^>]*name="currency"[^>]*value="CNY"[^>]*readonly', page)
