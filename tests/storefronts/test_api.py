"""Storefronts for programs: read a page, list and unlist, order at a page's price."""

from __future__ import annotations

import json

import pytest

from banyan.orders.models import OrderLine
from banyan.storefronts.models import Offer
from tests.api.client import Program, problem
from tests.support import factories as make

from . import stalls

pytestmark = pytest.mark.django_db


def test_a_program_opens_a_page_lists_from_the_pool_and_somebody_orders_there() -> None:
    item = make.variant(price=12_000, stock=4)
    pooled = stalls.supply(item, supply=8_000)
    me = Program(make.member("ana"))
    opened = me.send("POST", "/me/storefront", {"title": "Ana's corner"})
    assert opened.status_code == 201
    [offered] = me.get("/pool")["items"]
    assert offered["prices"][0]["supply"] == {"amount": 8_000, "currency": "CNY"}

    price = {"amount": 9_900, "currency": "CNY"}
    body = {"prices": [{"variant_id": str(item.pk), "price": price}]}
    listed = me.send("PUT", f"/me/storefront/pool/{pooled.pk}", body)
    assert listed.status_code == 200

    guest = Program()
    page = guest.get("/storefronts/ana")
    [offer] = page["offers"]
    assert (offer["kind"], offer["prices"][0]["price"], offer["prices"][0]["free"]) == (
        "pooled",
        price,
        4,
    )
    line = {"variant_id": str(item.pk), "offer": offer["id"], "via": page["via"]}
    placed = guest.send(
        "POST",
        "/checkouts",
        {"lines": [line], "address": make.ADDRESS, "contact": {"email": "cy@example.com"}},
        headers={"Idempotency-Key": "storefront-order-0001-0001"},
    )
    assert placed.status_code == 201, placed.content
    bought = OrderLine.objects.get()
    assert (bought.unit_amount, bought.supply_amount) == (9_900, 8_000)
    assert [step["handle"] for step in bought.path] == ["ana"]


def test_unlisting_takes_it_off_the_page() -> None:
    page = stalls.page("ana")
    offer = stalls.listed(page, stalls.supply(make.variant(price=12_000)), 9_900)
    me = Program(page.owner)

    assert me.send("DELETE", f"/offers/{offer.pk}").status_code == 204
    assert Program().get("/storefronts/ana")["offers"] == []
    assert problem(me.send("DELETE", f"/offers/{offer.pk}")) == (404, "not_found")


def test_a_price_below_the_suppliers_is_refused_with_its_code() -> None:
    item = make.variant(price=12_000)
    pooled = stalls.supply(item, supply=8_000)
    page = stalls.page()
    body = {
        "prices": [
            {"variant_id": str(item.pk), "price": {"amount": 7_999, "currency": "CNY"}},
        ]
    }

    refused = Program(page.owner).send("PUT", f"/me/storefront/pool/{pooled.pk}", body)

    assert problem(refused) == (422, "price_too_low")
    assert not Offer.objects.exists()


def test_a_product_is_chosen_once_however_often_it_is_put() -> None:
    product = make.product()
    page = stalls.page()
    me = Program(page.owner)

    first, again = (me.send("PUT", f"/me/storefront/products/{product.pk}") for _ in range(2))

    assert json.loads(first.content)["id"] == json.loads(again.content)["id"]
    assert Offer.objects.count() == 1


def test_without_a_page_there_is_nothing_to_put_things_on() -> None:
    product = make.product()

    refused = Program(make.member()).send("PUT", f"/me/storefront/products/{product.pk}")

    assert problem(refused) == (404, "not_found")
    assert not Offer.objects.exists()
