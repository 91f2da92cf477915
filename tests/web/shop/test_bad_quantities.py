"""What is no quantity is refused at every entrance, with its reason; nothing is guessed or done."""

from __future__ import annotations

import logging
import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from banyan.orders import actions as orders
from banyan.orders.models import CartItem, Checkout, Order, Return
from tests.support import factories as make

pytestmark = pytest.mark.django_db

NONE = ("-1", "-0", "+1", "1.5", "1e9", "NaN", "１２", "²", "", " ", "1_0", "0x1", "9" * 30)
OUTSIDE = ("0", "100", "99999", "1000000000000")


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"sec-fetch-site": "same-origin", "accept": "application/json"})


def _form(visitor: Client, address: str) -> dict[str, str]:
    page = visitor.get(address).content.decode()
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in hidden}


@pytest.mark.parametrize("typed", [*NONE, *OUTSIDE])
def test_the_cart_takes_no_such_number(typed: str, visitor: Client) -> None:
    item = make.variant(stock=500)

    refused = visitor.post("/cart/add", {"variant": item.pk, "n": typed})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert "quantity" in refused.json()["fields"]
    assert not CartItem.objects.exists()


@pytest.mark.parametrize("typed", NONE)
def test_nor_when_it_is_changed(typed: str, visitor: Client) -> None:
    item = make.variant(stock=500)
    visitor.post("/cart/add", {"variant": item.pk, "n": "2"})
    kept = CartItem.objects.get()

    refused = visitor.post(f"/cart/{kept.pk}", {"n": typed})

    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    kept.refresh_from_db()
    assert kept.quantity == 2


@pytest.mark.parametrize("agreed", [True, False], ids=["agreed", "without a word on the price"])
@pytest.mark.parametrize("typed", [*NONE, *OUTSIDE])
def test_the_checkout_orders_no_such_number(
    typed: str, agreed: bool, visitor: Client, caplog: pytest.LogCaptureFixture
) -> None:
    item = make.variant(stock=500)
    form = _form(visitor, f"/checkout?variant={item.pk}&n=1")
    if not agreed:
        form.pop("agreed")
    caplog.set_level(logging.INFO)

    form |= make.ADDRESS | {"email": "cy@example.com", "n": typed}
    refused = visitor.post("/checkout", form)

    assert refused.status_code == 422
    assert "Enter a number from 1 to 99." in refused.content.decode()
    assert "not placed: quantity" in caplog.text
    assert not Checkout.objects.exists()
    assert make.stock_of(item).free == 500
    assert visitor.post("/checkout", form | {"n": "1"}).status_code == 302


def test_a_link_of_such_a_number_shows_what_can_be_bought(visitor: Client) -> None:
    item = make.variant(stock=500)
    for typed in ("-1", "NaN", "0", "1e9"):
        page = visitor.get(reverse("checkout"), {"variant": item.pk, "n": typed})
        assert page.status_code == 200
        assert "× 1<" in page.content.decode()


def _received() -> Order:
    """Return an order of two lines that has come."""
    shop = make.shop()
    order = make.pay(
        make.place((make.variant(shop), 2), (make.variant(shop), 2), email="cy@example.com")
    ).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    return order


@pytest.mark.parametrize("typed", ["-1", "1.5", "1e9", "NaN", "１", "9" * 30, "3"])
def test_no_such_number_goes_back_and_nothing_beside_it(typed: str, visitor: Client) -> None:
    order = _received()
    first, second = order.lines.order_by("id")
    address = reverse("return_ask", args=[order.checkout.access_token, order.pk])
    form = _form(visitor, address)
    form |= {f"unit_{first.pk}": typed, f"unit_{second.pk}": "1", "reason": "damaged"}

    refused = visitor.post(address, form)

    assert refused.status_code in {409, 422}
    assert not Return.objects.exists()
    assert {*order.lines.values_list("returned_quantity", flat=True)} == {0}
