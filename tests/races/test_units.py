"""Units under fire: shipped, cancelled or sent back by many at once, and never two of these."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models import F, QuerySet

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Busy, Conflict
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions import units
from banyan.orders.models import Order, OrderLine, OrderRefund, Return, Shipment
from tests.payments.fixtures import till_settings
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import between, meet, no_locks, without_check

__all__ = ["till_settings"]
pytestmark = pytest.mark.usefixtures("threaded_db")


def paid(quantity: int = 1) -> Order:
    item = make.variant(make.shop(), price=1_000, stock=20)
    return make.pay(make.place((item, quantity))).orders.get()


def ship(order: Order, n: int = 1) -> Shipment:
    return orders.ship(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        carrier="SF",
        units={order.lines.get().pk: n},
    )


def cancel(order: Order) -> OrderRefund | None:
    return orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        key=f"cancel:{order.pk}",
        access_token=order.checkout.access_token,
    )


def shipped(order: Order) -> int:
    return OrderLine.objects.get(order=order).shipped_quantity


def test_clerks_who_ship_the_same_unit_at_once_ship_it_once() -> None:
    order = paid(3)

    results = run_concurrently(lambda: ship(order), 6)

    sent = [r for r in results if isinstance(r, Shipment)]
    assert len(sent) == 3, kinds(results)
    assert all(isinstance(r, Conflict | Busy) for r in results if r not in sent)
    assert shipped(order) == 3
    assert recount() == {}


def test_without_any_lock_the_condition_still_ships_a_unit_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = paid(1)
    no_locks(monkeypatch)
    meet(monkeypatch, units, "check_units", parties=4)

    results = run_concurrently(lambda: ship(order), 4)

    assert kinds(results)["Shipment"] == 1, results
    assert shipped(order) == 1


def _any_line(line_id: int, n: int) -> QuerySet[OrderLine]:
    return OrderLine.objects.filter(pk=line_id)


def test_control_without_lock_condition_and_check_a_unit_is_sent_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = paid(1)
    no_locks(monkeypatch)
    monkeypatch.setattr(units, "_to_ship", _any_line)
    monkeypatch.setattr(units, "ship_out", lambda *args, **kwargs: None)
    meet(monkeypatch, units, "check_units", parties=4)

    with without_check("orders_orderline", "order_line_units"):
        run_concurrently(lambda: ship(order), 4)
        sent = shipped(order)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE orders_orderline SET shipped_quantity = 0")

    assert sent > 1


@pytest.mark.parametrize("round_", range(3))
def test_cancelling_and_shipping_at_once_exactly_one_wins(round_: int) -> None:
    order = paid(1)

    results = run_at_once(
        lambda: ship(order), lambda: cancel(order), lambda: ship(order), lambda: cancel(order)
    )

    order.refresh_from_db()
    won = {type(r) for r in results if not isinstance(r, Exception)}
    assert won in ({Shipment}, {OrderRefund}), results
    assert all(isinstance(r, Conflict | Busy) for r in results if isinstance(r, Exception)), results
    assert order.state == ("shipped" if won == {Shipment} else "closed")
    assert order.refunded_amount == (0 if won == {Shipment} else order.total_amount)
    assert recount() == {}
    assert verify().clean


def test_control_without_lock_condition_and_check_a_unit_is_sent_and_paid_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = paid(1)
    no_locks(monkeypatch)
    monkeypatch.setattr(units, "_to_ship", _any_line)
    monkeypatch.setattr(units, "ship_out", lambda *args, **kwargs: None)
    meanwhile = between(monkeypatch, units, "check_units")

    with without_check("orders_orderline", "order_line_units"):
        results = run_at_once(lambda: ship(order), meanwhile(lambda: cancel(order)))
        line = OrderLine.objects.get(order=order)
        fate: Any = (line.shipped_quantity, line.cancelled_quantity)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE orders_orderline SET cancelled_quantity = 0")

    assert fate == (1, 1), results


def test_a_refund_by_the_shop_and_a_cancellation_at_once_pay_back_once() -> None:
    order = paid(2)

    def grant() -> OrderRefund:
        return orders.grant_refund(
            actor=make.actor(order.shop.owner),
            order_id=order.pk,
            amount=order.total_amount,
            reason="sold out",
            key=f"grant:{order.pk}",
        )

    results = run_at_once(grant, lambda: cancel(order), lambda: cancel(order))

    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("closed", order.total_amount), results
    assert recount() == {}
    assert verify().clean


def received(quantity: int) -> Order:
    order = paid(quantity)
    ship(order, quantity)
    return orders.confirm_receipt(
        actor=Actor.guest(), order_id=order.pk, access_token=order.checkout.access_token
    )


def ask(order: Order, key: str) -> Return:
    return orders.ask_return(
        actor=Actor.guest(),
        order_id=order.pk,
        units={order.lines.get().pk: 1},
        reason="changed_mind",
        key=key,
        access_token=order.checkout.access_token,
    )


def test_asked_for_at_once_no_more_comes_back_than_was_sent() -> None:
    order = received(2)

    results = run_at_once(*[lambda k=f"r{i}": ask(order, k) for i in range(5)])

    assert kinds(results)["Return"] == 2, results
    assert OrderLine.objects.get(order=order).returned_quantity == 2
    assert recount() == {}


def test_control_without_lock_condition_and_check_more_comes_back_than_was_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = received(1)
    no_locks(monkeypatch)

    def claim_unasked(wanted: units.Units) -> None:
        for line_id, n in wanted.items():
            line = OrderLine.objects.filter(pk=line_id)
            line.update(returned_quantity=F("returned_quantity") + n)

    monkeypatch.setattr(units, "claim_returned", claim_unasked)
    # Two at once would have one number: that is not what is tried here.
    with without_check("orders_orderline", "order_line_returned"):
        for key in ("a", "b"):
            ask(order, key)
        back = OrderLine.objects.get(order=order).returned_quantity
        with connection.cursor() as cursor:
            cursor.execute("UPDATE orders_orderline SET returned_quantity = 1")

    assert back > 1


def test_one_return_settled_by_many_at_once_is_paid_back_once() -> None:
    order = received(1)
    boss = make.actor(order.shop.owner)
    asked = ask(order, "r")
    orders.approve_return(actor=boss, return_id=asked.pk, address="Warehouse 7")
    orders.receive_return(actor=boss, return_id=asked.pk)
    found = {asked.lines.get().pk: orders.Found(accepted=1, restocked=1)}

    results = run_concurrently(
        lambda: orders.settle_return(actor=boss, return_id=asked.pk, found=found, at_fault=False),
        5,
    )

    assert {r.state for r in results if isinstance(r, Return)} == {"refunded"}, results
    assert OrderRefund.objects.count() == 1
    assert make.stock_of(order.lines.get().variant).on_hand == 20
    assert recount() == {}
    assert verify().clean
