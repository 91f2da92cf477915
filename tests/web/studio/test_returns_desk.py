"""A return over its pages: the buyer asks and sends, the shop agrees, receives and pays back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund, Return
from tests.support import factories
from tests.support.recount import recount

from .scene import Scene, client, scene

pytestmark = pytest.mark.django_db


def sent() -> Scene:
    at = scene(price=5_000, quantity=2)
    orders.ship(actor=factories.actor(at.owner), order_id=at.order.pk, carrier="UPS")
    orders.confirm_receipt(actor=factories.actor(at.buyer), order_id=at.order.pk)
    return at


def ask(at: Scene, browser: Client, n: int = 1, **more: str) -> Any:
    token = at.order.checkout.access_token
    line = at.order.lines.get()
    form = {f"unit_{line.pk}": str(n), "reason": "damaged", "wish": "refund", "key": "k"}
    return browser.post(reverse("return_ask", args=[token, at.order.pk]), form | more)


def desk(at: Scene, found: Return, do: str, **more: str) -> int:
    url = reverse("studio_return", args=[at.shop.slug, found.pk])
    return client(at.owner).post(url, {"do": do} | more).status_code


def test_a_return_from_the_wish_to_the_money() -> None:
    at = sent()
    buyer = client(at.buyer)
    purchase = buyer.get(f"/o/{at.order.checkout.access_token}").content.decode()
    assert reverse("return_ask", args=[at.order.checkout.access_token, at.order.pk]) in purchase

    answer = ask(at, buyer, text="<b>chipped</b>")
    assert answer.status_code == 302
    assert ask(at, buyer)["Location"] == answer["Location"], "a second click is the first one"
    found = Return.objects.get()
    page = buyer.get(answer["Location"]).content.decode()
    assert "&lt;b&gt;chipped" in page

    assert desk(at, found, "approve", address="") == 422
    assert desk(at, found, "approve", address="Warehouse 7, Hangzhou") == 302
    page = buyer.get(answer["Location"]).content.decode()
    assert "Warehouse 7, Hangzhou" in page
    token = re.search(r"o=([^&]+)", answer["Location"])
    assert token is not None
    posted = {"o": token.group(1), "carrier": "UPS", "tracking": "1Z"}
    assert buyer.post(reverse("return_sent", args=[found.pk]), posted).status_code == 302
    assert desk(at, found, "receive") == 302
    row = found.lines.get()
    typed = {f"accepted_{row.pk}": "1", f"shelf_{row.pk}": "0", f"condition_{row.pk}": "damaged"}
    assert desk(at, found, "settle", at_fault="on", **typed) == 302

    found.refresh_from_db()
    assert (found.state, OrderRefund.objects.get().amount) == ("refunded", 5_000)
    assert "50.00" in buyer.get(answer["Location"]).content.decode()
    listed = client(at.owner).get(reverse("studio_returns", args=[at.shop.slug]) + "?state=done")
    assert found.number in listed.content.decode()
    assert recount() == {}
    assert verify().clean


@pytest.mark.parametrize(
    ("form", "code"),
    [({"n": 0}, 422), ({"n": 3}, 422), ({"n": 1, "reason": "x"}, 422)],
    ids=["nothing", "too many", "no reason"],
)
def test_a_wish_that_cannot_be_is_shown_again(form: dict[str, Any], code: int) -> None:
    at = sent()
    answer = ask(at, client(at.buyer), **form)
    assert answer.status_code == code
    assert not Return.objects.exists()
    assert Order.objects.get().lines.get().returned_quantity == 0


def test_another_shops_people_and_strangers_find_nothing() -> None:
    at = sent()
    ask(at, client(at.buyer))
    found = Return.objects.get()
    for account in (at.stranger, factories.shop().owner):
        browser = client(account)
        assert browser.get(reverse("return", args=[found.pk])).status_code == 404
        assert browser.get(reverse("studio_returns", args=[at.shop.slug])).status_code == 404
        url = reverse("studio_return", args=[at.shop.slug, found.pk])
        assert browser.post(url, {"do": "receive"}).status_code == 404
    elsewhere = factories.shop(at.owner)
    url = reverse("studio_return", args=[elsewhere.slug, found.pk])
    assert client(at.owner).get(url).status_code == 404
    assert desk(at, found, "explode") == 404


def test_the_shop_turns_a_wish_down_with_a_reason() -> None:
    at = sent()
    ask(at, client(at.buyer))
    found = Return.objects.get()
    assert desk(at, found, "refuse", reason="") == 422
    assert desk(at, found, "refuse", reason="It was worn") == 302
    page = client(at.buyer).get(reverse("return", args=[found.pk])).content.decode()
    assert "It was worn" in page


def test_some_units_go_in_a_first_parcel() -> None:
    at = scene(quantity=3)
    line = at.order.lines.get()
    browser = client(at.owner)
    url = reverse("studio_order_ship", args=[at.shop.slug, at.order.pk])
    form = {"carrier": "UPS", "tracking": "1Z1", f"unit_{line.pk}": "2", "ship_key": "a"}
    for _ in range(2):
        assert browser.post(url, form).status_code == 302
    assert browser.post(url, form | {f"unit_{line.pk}": "2", "ship_key": "b"}).status_code == 422
    page = browser.get(reverse("studio_order", args=[at.shop.slug, at.order.pk])).content.decode()
    assert "Partly sent" in page
    line.refresh_from_db()
    assert line.shipped_quantity == 2
    assert recount() == {}


def test_a_kind_that_is_sold_out_is_told_to_be_and_its_shop_reads_what_to_do() -> None:
    kinds = [
        catalog.VariantInput(values=[name], price=5_000, on_hand=n)
        for name, n in (("Red", 3), ("Blue", 3), ("Ash", 0))
    ]
    product = factories.product(options=["Colour"], variants=kinds)
    red, _blue, ash = product.variants.order_by("id")
    buyer, shop = factories.member(), product.shop
    placed = factories.pay(factories.place((red, 1), buyer=buyer))
    order, line = placed.orders.get(), placed.orders.get().lines.get()
    orders.ship(actor=factories.actor(shop.owner), order_id=order.pk, carrier="UPS")
    url = reverse("return_ask", args=[placed.access_token, order.pk])

    asks = client(buyer).get(url).content.decode()
    assert "Ash · Sold out" in asks
    assert "Blue · Sold out" not in asks
    form = {f"unit_{line.pk}": "1", f"variant_{line.pk}": str(ash.pk), "wish": "exchange"}
    client(buyer).post(url, form | {"reason": "wrong_size", "key": "k"})
    answer = client(shop.owner).post(
        reverse("studio_return", args=[shop.slug, Return.objects.get().pk]),
        {"do": "approve", "address": "Warehouse 7, Hangzhou"},
    )

    assert answer.status_code in {409, 422}
    assert "offer the money instead" in answer.content.decode()
