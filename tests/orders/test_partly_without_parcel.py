"""Orders of goods for a parcel beside files and vouchers: received when the rest is had or gone."""

from __future__ import annotations

import pytest

from banyan.catalog.models import Variant
from banyan.delivery import actions as delivery
from banyan.delivery.queries import bought
from banyan.kernel import relay
from banyan.kernel.actors import Actor
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order
from tests.delivery import goods
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db


def bought_with(beside: Variant, n: int = 1) -> Order:
    """A paid order of a cup for a parcel, and of ``beside``."""
    cup = make.variant(goods.shop_of(beside), price=1_000)
    order = make.pay(make.place((cup, 1), (beside, n))).orders.get()
    relay.drain()
    order.refresh_from_db()
    assert order.state == "paid"
    return order


def state(order: Order) -> str:
    relay.drain()
    order.refresh_from_db()
    return order.state


def cup_of(order: Order) -> int:
    return order.lines.get(kind="goods").pk


def test_a_file_is_all_that_is_left_when_the_parcel_is_cancelled() -> None:
    order = bought_with(goods.filed())
    orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        key="c",
        access_token=order.checkout.access_token,
    )
    assert state(order) == "received"
    assert recount() == {}
    assert verify().clean


def test_so_it_is_when_the_shop_pays_the_parcel_back() -> None:
    order = bought_with(goods.filed())
    orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=1_000,
        lines={cup_of(order): 1_000},
        reason="it broke",
        key="r",
    )
    assert state(order) == "received"


def test_an_unused_voucher_still_waits_when_the_parcel_is_cancelled() -> None:
    order = bought_with(goods.voucher())
    orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        key="c",
        units={cup_of(order): 1},
        access_token=order.checkout.access_token,
    )
    assert state(order) == "paid"


def test_paying_the_last_unused_voucher_back_completes_an_order_whose_others_were_used() -> None:
    item = goods.voucher(price=8_000)
    order = make.pay(make.place((item, 2))).orders.get()
    line = order.lines.get()
    (_first, code), _second = bought([line.pk])[line.pk].vouchers
    clerk = make.actor(goods.shop_of(item).owner)
    delivery.redeem(actor=clerk, shop_id=order.shop_id, code=code, key="a", place="Front desk")
    assert state(order) == "paid"

    orders.grant_refund(actor=clerk, order_id=order.pk, amount=8_000, reason="no time", key="r")

    assert state(order) == "received"
    assert recount() == {}
