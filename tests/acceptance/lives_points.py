"""Whole lives of points, for ``test_whole_life``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.catalog.models import Variant
from banyan.entitlements.actions import expire_points
from banyan.entitlements.models import PointsLot
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.actions.pointing import ripen_due
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.pointed import points_of

SYSTEM = Actor.system("test")
DAY = dt.timedelta(days=1)


def _received(item: Variant, buyer: Account) -> Order:
    """Return an order of two that gives about 200 points, and pays with up to 200."""
    order = make.pay(make.place((item, 2), buyer=buyer)).orders.get()
    relay.drain()
    orders.ship(actor=make.actor(item.product.shop.owner), order_id=order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    relay.drain()
    return order


def _ripen() -> None:
    with clock.at(clock.now() + 8 * DAY):
        ripen_due(actor=SYSTEM)


def _expire() -> None:
    with clock.at(clock.now() + 400 * DAY):
        expire_points(actor=SYSTEM)


def _refund(order: Order) -> None:
    orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=order.total_amount,
        reason="Broken.",
        key=f"points:{order.pk}",
    )


def _state(order: Order) -> str:
    return PointsLot.objects.get(order_id=order.pk).state


def of_points(settings: Any) -> None:
    """Points thaw, are spent, run out, are taken back and given back, each after the other."""
    shop = make.shop()
    points_of(shop, most_percent=1)
    item = make.variant(shop, stock=100)

    def cancelled_before_it_was_sent() -> None:
        buyer = make.member()
        order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
        relay.drain()
        orders.cancel_order(actor=make.actor(buyer), order_id=order.pk, key="points")
        assert _state(order) == "reversed"

    def taken_back_unspent() -> None:
        order = _received(item, make.member())
        _ripen()
        _refund(order)
        assert _state(order) == "reversed"

    def put_on_an_order_that_was_not_paid() -> None:
        buyer = make.member()
        order = _received(item, buyer)
        _ripen()
        checkout = make.place((item, 2), buyer=buyer)
        assert _state(order) == "spent"
        orders.cancel_checkout(actor=make.actor(buyer), checkout_id=checkout.pk)
        assert _state(order) == "available"

    def taken_back_when_spent_and_netted_with_the_next() -> None:
        buyer = make.member()
        first = _received(item, buyer)
        _ripen()
        second = _received(item, buyer)
        _refund(first)
        assert _state(first) == "reversed"
        _ripen()
        assert _state(second) == "spent"

    def given_back_after_it_was_taken_back() -> None:
        buyer = make.member()
        first, other = _received(item, buyer), _received(item, buyer)
        _ripen()
        paid_with = make.place((item, 1), buyer=buyer)
        _refund(first)
        assert _state(first) == "reversed"
        orders.cancel_checkout(actor=make.actor(buyer), checkout_id=paid_with.pk)
        assert (_state(first), _state(other)) == ("available", "available")

    def run_out_and_taken_back() -> None:
        order = _received(item, make.member())
        _ripen()
        _expire()
        _refund(order)
        assert _state(order) == "reversed"

    def run_out_and_given_back() -> None:
        buyer = make.member()
        order = _received(item, buyer)
        _ripen()
        paid_with = make.place((item, 1), buyer=buyer)
        _expire()
        assert _state(order) == "expired"
        orders.cancel_checkout(actor=make.actor(buyer), checkout_id=paid_with.pk)
        assert _state(order) == "available"

    cancelled_before_it_was_sent()
    taken_back_unspent()
    put_on_an_order_that_was_not_paid()
    taken_back_when_spent_and_netted_with_the_next()
    given_back_after_it_was_taken_back()
    run_out_and_taken_back()
    run_out_and_given_back()
