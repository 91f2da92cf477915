"""The coupon wizard: in words before it is made, and what may change after."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.catalog.models import Shop
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import Coupon, Grant
from banyan.entitlements.rules import BENEFITS, CONDITIONS
from banyan.kernel import clock
from tests.support import factories as make
from tests.support import prices
from tests.support.pages import Page

from .scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    found = make.shop(shipping_amount=1_000)
    make.variant(found, price=4_000)
    make.product(found, title="Green tea", price=2_500, tags=["tea"])
    return found


def form(**more: Any) -> dict[str, Any]:
    values = {
        "title": "Tea week",
        "reach": "auto",
        "stacking": "shop",
        "cap": "50",
        "per_person": "1",
        "benefits": ["percent_off"],
        "benefits-percent_off-bps": "20",
        "benefits-percent_off-most": "12.00",
        "conditions": ["min_spend", "tags"],
        "conditions-min_spend-amount": "70",
        "conditions-tags-names": "Tea, Cup",
    }
    return values | more


def post(browser: Client, shop: Shop, values: dict[str, Any]) -> Any:
    return browser.post(reverse("studio_coupon_new", args=[shop.slug]), values)


def test_the_form_asks_for_every_rule_that_is_registered(shop: Shop) -> None:
    page = client(shop.owner).get(reverse("studio_coupon_new", args=[shop.slug])).content.decode()
    for code in BENEFITS:
        assert f'name="benefits" value="{code}"' in page
    for code in set(CONDITIONS) - {"shops", "variants"}:
        assert f'name="conditions" value="{code}"' in page
    assert "style=" not in page


def test_it_is_told_in_words_and_by_an_example_before_it_is_made(shop: Shop) -> None:
    answer = post(client(shop.owner), shop, form(again="preview"))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "20% off, at most CN¥12.00" in page
    assert "from CN¥70.00" in page
    assert "for goods with the tag Tea, Cup" in page
    # Three teas are the fewest that reach seventy; a fifth of 75 is more than twelve.
    assert "For example 3 × Green tea:" in page
    for amount in ("CN¥75.00", "-CN¥12.00", "CN¥10.00", "CN¥73.00"):
        assert amount in page
    assert 'value="Tea, Cup"' in page
    assert not Coupon.objects.exists()


def test_the_example_adds_the_tax_that_comes_on_top(shop: Shop) -> None:
    prices.tax(shop, "*", rate=100_000)

    page = post(client(shop.owner), shop, form(again="preview")).content.decode()

    # Ten percent of 63.00 for tea and of 10.00 for the post.
    assert "CN¥7.30" in page
    assert "CN¥80.30" in page
    assert "CN¥73.00" not in page


def test_what_is_made_is_what_was_shown(shop: Shop) -> None:
    answer = post(client(shop.owner), shop, form())

    made = Coupon.objects.get()
    assert answer["location"] == reverse("studio_coupon", args=[shop.slug, made.pk])
    assert made.benefits == [{"code": "percent_off", "args": {"bps": 2_000, "most": 1_200}}]
    assert {rule["code"] for rule in made.conditions} == {"min_spend", "tags"}
    assert len(made.code) >= 14
    tea = shop.products.get(title="Green tea").variants.get()
    assert make.place((tea, 3)).discount_amount == 1_200


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"benefits": []}, "Choose what the coupon gives."),
        ({"benefits-percent_off-bps": ""}, "Fill this in."),
        ({"benefits-percent_off-bps": "0"}, "This cannot be right."),
        ({"benefits-percent_off-bps": "x"}, "Enter a percentage with at most two decimals."),
        ({"conditions": ["products"]}, "Fill this in."),
        ({"conditions": ["products"], "conditions-products-ids": ["1"]}, "Fill this in."),
        ({"stacking": "platform"}, "This cannot be chosen here."),
        ({"stacking": "shipping"}, "A shipping coupon takes off shipping only."),
        ({"cap": "0"}, "Enter how often it can be used, at least once."),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_keeps_the_rest(
    shop: Shop, more: dict[str, Any], told: str
) -> None:
    answer = post(client(shop.owner), shop, form(**more))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert told in page
    assert 'value="Tea week"' in page
    assert not Coupon.objects.exists()


def test_goods_of_another_shop_cannot_be_named(shop: Shop) -> None:
    foreign = make.product()
    values = form(conditions=["products"])
    mine = shop.products.get(title="Green tea")
    values["conditions-products-ids"] = [str(foreign.pk), str(mine.pk)]
    post(client(shop.owner), shop, values)
    [rule] = Coupon.objects.get().conditions
    assert rule == {"code": "products", "args": {"ids": [mine.pk]}}


def test_limits_change_codes_are_printed_and_it_stops_and_runs(shop: Shop) -> None:
    browser = client(shop.owner)
    post(browser, shop, form(reach="held"))
    made = Coupon.objects.get()
    here = reverse("studio_coupon", args=[shop.slug, made.pk])
    codes = reverse("studio_coupon_codes", args=[shop.slug, made.pk])

    assert browser.post(codes, {"n": "3"}).status_code == 302
    assert browser.post(codes, {"n": "99"}).status_code == 422
    rows = list(csv.reader(io.StringIO(browser.get(codes).content.decode())))
    assert rows[0] == ["code", "state", "expires_at"]
    assert [row[0] for row in rows[1:]] == list(
        Grant.objects.order_by("id").values_list("code", flat=True)
    )

    limits = {"title": "Tea", "cap": "60", "per_person": "2", "budget": "500", "ends_at": ""}
    assert browser.post(here, limits | {"cap": "2"}).status_code == 422
    assert browser.post(here, limits).status_code == 302
    made.refresh_from_db()
    assert (made.title, made.cap, made.per_person, made.budget) == ("Tea", 60, 2, 50_000)
    page = browser.get(here).content.decode()
    assert "Download 3 codes" in page
    assert 'value="500.00"' in page

    state = reverse("studio_coupon_state", args=[shop.slug, made.pk])
    browser.post(state, {"do": "pause"})
    made.refresh_from_db()
    assert made.is_active is False
    browser.post(state, {"do": "resume"})
    made.refresh_from_db()
    assert made.is_active is True
    assert "Tea" in browser.get(reverse("studio_coupons", args=[shop.slug])).content.decode()


def test_the_name_changes_beside_an_end_that_the_form_cannot_show_to_the_second(
    shop: Shop,
) -> None:
    ends_at = clock.now() + dt.timedelta(days=1, seconds=1)
    made = entitlements.create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="Tea",
        reach="claim",
        amount_off=100,
        cap=10,
        ends_at=ends_at,
    )
    entitlements.claim_coupon(actor=make.actor(make.member()), code=made.code)
    url = reverse("studio_coupon", args=[shop.slug, made.pk])
    browser = client(shop.owner)
    shown = next(
        form.fields
        for form in Page(browser.get(url).content.decode()).forms
        if "ends_at" in form.fields
    )

    assert browser.post(url, shown | {"title": "Tea week"}).status_code == 302

    made.refresh_from_db()
    assert (made.title, made.ends_at) == ("Tea week", ends_at)
    earlier = shown | {"ends_at": f"{clock.now():%Y-%m-%dT%H:%M}"}
    assert browser.post(url, earlier).status_code == 422, "what was promised stays"
