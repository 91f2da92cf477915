"""A refund while goods are on their way back or are exchanged: no unit twice, none forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.catalog.actions import VariantInput
from banyan.catalog.models import Stock, Variant
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order, Return
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db


def boss(order: Order) -> Actor:
    return make.actor(order.shop.owner)


def buyer(order: Order) -> dict[str, Any]:
    return {"actor": Actor.guest(), "access_token": order.checkout.access_token}


def two_kinds() -> tuple[Variant, Variant]:
    kinds = [VariantInput(values=[kind], price=2_000, on_hand=5) for kind in ("red", "blue")]
    red, blue = make.product(options=["Colour"], variants=kinds).variants.order_by("id")
    return red, blue


def sent(item: Variant, n: int = 1) -> Order:
    order = make.pay(make.place((item, n))).orders.get()
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")
    return order


def on_its_way_back(order: Order, to: Variant | None = None, n: int = 1) -> Return:
    line = order.lines.get()
    made = orders.ask_return(
        order_id=order.pk,
        units={line.pk: n},
        reason="wrong_size",
        key=f"back:{order.pk}",
        exchange={line.pk: to.pk} if to else None,
        **buyer(order),
    )
    orders.approve_return(actor=boss(order), return_id=made.pk, address="Dock 7")
    return orders.receive_return(actor=boss(order), return_id=made.pk)


def settled(found: Return, n: int = 1) -> Return:
    return orders.settle_return(
        actor=boss(found.order),
        return_id=found.pk,
        found={found.lines.get().pk: orders.Found(accepted=n, restocked=n)},
        at_fault=True,
        answer="Thank you.",
    )


def paid_back(order: Order, amount: int | None = None, *, restock: bool = True) -> Order:
    amount = order.total_amount if amount is None else amount
    orders.grant_refund(
        actor=boss(order),
        order_id=order.pk,
        amount=amount,
        reason="sorry",
        key=f"sorry:{order.refunded_amount}",
        restock=restock,
    )
    order.refresh_from_db()
    return order


def figures(item: Variant) -> tuple[int, int]:
    stock = Stock.objects.get(variant=item)
    return stock.on_hand, stock.free


def assert_sound() -> None:
    assert recount() == {}
    assert verify().clean


def test_what_is_on_its_way_back_comes_to_the_shelf_once() -> None:
    item = make.variant(stock=5)
    order = sent(item)
    found = on_its_way_back(order)

    paid_back(order)
    assert figures(item) == (4, 4), "the shop has not looked at it yet"
    settled(found)

    assert figures(item) == (5, 5)
    assert order.refunds.count() == 1
    assert_sound()


def test_what_a_refund_brought_to_the_shelf_cannot_be_sent_back() -> None:
    item, other = make.variant(stock=5), make.variant(stock=5)
    other.product.shop = item.product.shop
    other.product.save()
    order = make.pay(make.place((item, 1), (other, 1))).orders.get()
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")
    line = order.lines.get(variant=item)
    orders.grant_refund(
        actor=boss(order),
        order_id=order.pk,
        amount=line.paid_amount,
        lines={line.pk: line.paid_amount},
        reason="sorry",
        key="sorry",
        restock=True,
    )
    assert figures(item) == (5, 5)

    with pytest.raises(Conflict, match="return_too_many"):
        orders.ask_return(
            order_id=order.pk,
            units={line.pk: 1},
            reason="damaged",
            key="again",
            **buyer(order),
        )

    assert figures(item) == (5, 5)
    assert_sound()


def test_of_an_exchanged_piece_the_one_the_buyer_has_comes_to_the_shelf() -> None:
    red, blue = two_kinds()
    order = sent(red)
    settled(on_its_way_back(order, to=blue))
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF")
    assert (figures(red), figures(blue)) == ((5, 5), (4, 4))

    paid_back(order)

    assert (figures(red), figures(blue)) == ((5, 5), (5, 5))
    assert_sound()


def test_a_piece_that_waits_to_be_sent_in_exchange_is_free_when_all_is_paid_back() -> None:
    red, blue = two_kinds()
    order = sent(red)
    settled(on_its_way_back(order, to=blue))
    assert figures(blue) == (5, 4)

    paid_back(order)

    assert order.state == "closed"
    assert (figures(red), figures(blue)) == ((5, 5), (5, 5))
    assert_sound()


def test_an_open_exchange_goes_on_as_a_return_when_all_is_paid_back() -> None:
    red, blue = two_kinds()
    order = sent(red)
    found = on_its_way_back(order, to=blue)

    paid_back(order)
    assert figures(blue) == (5, 5)
    found = settled(found)

    assert found.state == "refunded"
    assert found.refund_id is None
    assert (figures(red), figures(blue)) == ((5, 5), (5, 5))
    assert_sound()


def test_a_wish_to_exchange_becomes_one_for_money_when_that_is_paid_already() -> None:
    red, blue = two_kinds()
    order = sent(red)
    line = order.lines.get()
    found = orders.ask_return(
        order_id=order.pk,
        units={line.pk: 1},
        reason="wrong_size",
        key="a",
        exchange={line.pk: blue.pk},
        **buyer(order),
    )
    paid_back(order, restock=False)

    orders.approve_return(actor=boss(order), return_id=found.pk, address="Dock 7")

    found.refresh_from_db()
    assert (found.wish, found.state) == ("refund", "approved")
    assert figures(blue) == (5, 5)
    orders.withdraw_return(return_id=found.pk, **buyer(order))
    assert_sound()


def test_a_return_that_pays_back_the_last_money_leaves_nothing_to_be_sent() -> None:
    item = make.variant(stock=5, price=2_000)
    order = make.pay(make.place((item, 2))).orders.get()
    orders.ship(actor=boss(order), order_id=order.pk, carrier="SF", units={order.lines.get().pk: 1})
    paid_back(order, 2_000, restock=False)
    found = on_its_way_back(order)

    settled(found)

    order.refresh_from_db()
    assert order.state == "closed"
    assert figures(item) == (5, 5)
    assert_sound()
