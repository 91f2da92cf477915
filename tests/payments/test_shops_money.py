"""What a shop is owed where money is passed on, set aside for a margin, or earned by a leader."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.earnings.queries import (
    due_of,
    orders_behind,
    shop_standings,
    shop_statement,
)
from banyan.earnings.settling import settle_order
from banyan.kernel import relay
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.payments import jobs
from banyan.web.studio.words import money_kind
from tests.campaigns.scene import DAY
from tests.campaigns.test_group_money import arrive, complete, decide
from tests.payments.stripe.conftest import gateway, stripe_process
from tests.payments.stripe.gateway import Gateway
from tests.payments.till import balance
from tests.storefronts import stalls
from tests.support import factories as make
from tests.support.posted import posted_about

from .test_splits import CRON, account_for, connect, paid_by_stripe, received

__all__ = ["connect", "gateway", "stripe_process"]
pytestmark = pytest.mark.django_db


def told(order: Order) -> dict[str, int]:
    """Return what the order's sums are, checked against the ledger."""
    order = Order.objects.select_related("shop", "checkout").get(pk=order.pk)
    due = due_of(order)
    assert due is not None
    assert due.due.amount == posted_about(order)
    return {name: getattr(due, name).amount for name in due.__slots__ if getattr(due, name)}


def test_what_is_passed_on_is_told_apart_and_leads_to_its_order(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    total = order.total_amount
    account_for(order, "stripe", connect.control("account")["id"])
    received(order)
    jobs.run_sweep()

    assert told(order) == {"paid": total, "due": total, "passed_on": total}
    [standing] = shop_standings(order.shop_id)
    assert (standing.owed.amount, standing.passed_on.amount) == (0, total)
    assert (standing.waiting.amount, standing.over.amount) == (0, 0)

    orders.grant_refund(
        actor=make.actor(order.shop.owner), order_id=order.pk, amount=4_000, reason="d", key="r"
    )
    settle_order(actor=CRON, order_id=order.pk, key="back")
    jobs.run_sweep()

    left = total - 4_000
    assert told(order) == {"paid": total, "refunded": 4_000, "due": left, "passed_on": left}
    [standing] = shop_standings(order.shop_id)
    assert (standing.owed.amount, standing.passed_on.amount) == (0, left)
    lines = shop_statement(shop_id=order.shop_id, currency=order.currency)
    kinds = [line.kind for line in lines]
    assert kinds == ["order.paid", "payout.requested", "order.refunded", "payout.returned"]
    assert all(money_kind(kind) != kind for kind in kinds)
    behind = orders_behind(lines, order.shop_id)
    assert {behind[line.subject_kind, line.subject_id].pk for line in lines} == {order.pk}
    assert orders_behind(lines, order.shop_id + 1) == {}, "another shop's lines lead nowhere"


def test_a_margin_and_its_fee_are_set_aside(settings: Any) -> None:
    settings.POOL_FEE_BPS = 333
    lamp = make.variant(price=10_000)
    offer = stalls.listed(stalls.page(), stalls.supply(lamp, supply=8_000), 9_999)
    order = make.pay(stalls.place(lamp, offer)).orders.get()
    before = told(order)
    assert before["fee"] > 0
    assert before["due"] == balance("shop_payable", owner_id=order.shop_id) == 8_000

    orders.grant_refund(
        actor=make.actor(order.shop.owner), order_id=order.pk, amount=3_333, reason="d", key="r"
    )
    after = told(order)
    assert 0 < after["fee"] < before["fee"]
    assert after["due"] == balance("shop_payable", owner_id=order.shop_id)


def test_what_a_leader_earns_is_not_the_shops_and_comes_back() -> None:
    item = make.variant(price=10_000, stock=50)
    _group, _people, placed = complete(item)
    order = placed[1]
    arrive(*placed)
    assert told(order) == {"paid": 7_000, "due": 7_000}, "it is posted once nothing can go back"
    decide(8 * DAY)
    assert told(order) == {"paid": 7_000, "leaders": 500, "due": 6_500}
    orders.grant_refund(
        actor=make.actor(order.shop.owner), order_id=order.pk, amount=7_000, reason="d", key="r"
    )
    relay.drain()
    assert told(order) == {"paid": 7_000, "refunded": 7_000}
