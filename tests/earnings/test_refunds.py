"""Refunds take the commission back pro rata, from wherever the money is by then."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.db.models import Sum

from banyan.earnings import actions, queries
from banyan.earnings.models import Commission, PayoutItem
from banyan.earnings.problems import NothingToPay
from banyan.kernel import clock, events, locks
from banyan.kernel.locks import LockKey
from banyan.kernel.models import StateChange
from banyan.ledger import proof
from banyan.ledger.models import Journal, Posting
from banyan.orders import actions as orders
from banyan.orders.events import OrderPlaced, OrderReceived
from banyan.orders.models import Order, OrderRefund
from banyan.people.models import Account
from tests.support import factories as make
from tests.web.studio.scene import scene

from . import story

pytestmark = pytest.mark.django_db


def _sold(*, price: int = 10_000, rate_bps: int = 1000) -> tuple[Account, Order]:
    ana, shop = story.member("ana"), story.shop()
    story.plan(shop, rate_bps=rate_bps)
    item = story.variant(shop, price=price)
    return ana, story.paid(story.placed((item, 1), via=story.chain(item, ana)))


def _pay_out() -> PayoutItem:
    batch = actions.draft_batch(actor=story.FINANCE, minimum=1)
    actions.submit_batch(actor=story.FINANCE, batch_id=batch.pk)
    item = PayoutItem.objects.get(batch=batch, state="submitted")
    assert item.payout_id is not None
    story.settle(item.payout_id)
    return item


def _assert_every_journal_nets_to_zero() -> None:
    sums = Posting.objects.values("journal", "currency").annotate(total=Sum("amount"))
    assert sums.count() == Journal.objects.count()
    assert {row["total"] for row in sums} == {0}
    assert proof.verify().clean


def test_a_refund_before_receipt_takes_from_what_is_held() -> None:
    ana, order = _sold()
    story.refund(order, (order.lines.get(), 4_000))
    commission = story.only(order)
    assert (commission.state, commission.reversed_amount) == ("pending", 400)
    assert story.book(ana, "earner_held") == 600
    assert story.shop_balance(order.shop) == 10_000 - 4_000 - 600
    _assert_every_journal_nets_to_zero()


def test_only_what_refunds_left_becomes_payable() -> None:
    ana, order = _sold()
    story.refund(order, (order.lines.get(), 4_000))
    story.due(story.received(order))
    assert (story.book(ana, "earner_held"), story.book(ana)) == (0, 600)


def test_a_refund_of_another_line_leaves_the_commission_alone() -> None:
    ana, shop = story.member("ana"), story.shop()
    shared, other = story.variant(shop), story.variant(shop)
    story.plan(shop, rate_bps=1000, product_id=shared.product_id)
    order = story.paid(story.placed((shared, 1), (other, 1), via=story.chain(shared, ana)))
    story.refund(order, (order.lines.get(variant=other), 10_000))
    assert story.only(order).reversed_amount == 0
    assert story.book(ana, "earner_held") == 1_000


def test_burned_08_a_refund_after_the_commission_became_payable() -> None:
    ana, order = _sold()
    story.due(story.received(order))
    story.refund(order, (order.lines.get(), 4_000))
    assert story.book(ana) == 600
    story.refund_all(order)
    commission = story.only(order)
    assert (commission.state, commission.reason) == ("reversed", "refunded")
    assert story.book(ana) == 0
    assert story.shop_balance(order.shop) == 0
    _assert_every_journal_nets_to_zero()


def test_burned_08_a_refund_after_the_payout_leaves_the_earner_below_zero() -> None:
    ana, order = _sold()
    story.due(story.received(order))
    with clock.at(clock.now() + dt.timedelta(days=92)):
        _pay_out()
        story.refund(order, (order.lines.get(), 4_000))
    assert story.only(order).state == "paid"
    assert story.book(ana) == -400
    with clock.at(clock.now() + dt.timedelta(days=93)):
        story.refund_all(order)
    assert story.only(order).state == "reversed"
    assert story.book(ana) == -1_000
    assert story.shop_balance(order.shop) == 0
    lines = queries.statement(account_id=ana.pk, currency="CNY")
    assert [(x.kind, x.amount.amount, x.balance.amount) for x in lines] == [
        ("commission.payable", 1_000, 1_000),
        ("payout.requested", -1_000, 0),
        ("commission.reversed", -400, -400),
        ("commission.reversed", -600, -1_000),
    ]
    (standing,) = queries.balances(ana.pk)
    assert standing.payable.amount == -1_000
    _assert_every_journal_nets_to_zero()


def test_f14_claw_clamp_later_earnings_are_netted_against_what_was_taken_back() -> None:
    ana, order = _sold()
    item = order.lines.get().variant
    story.due(story.received(order))
    _pay_out()
    story.refund_all(order)
    assert story.book(ana) == -1_000, "never clamped to what is there"
    with pytest.raises(NothingToPay):
        actions.draft_batch(actor=story.FINANCE, minimum=1)

    again = story.paid(story.placed((item, 2), via=story.chain(item, ana)))
    story.due(story.received(again))
    assert story.book(ana) == 1_000
    paid = _pay_out()
    assert paid.amount == 1_000
    assert story.only(again).state == "paid", "half of it paid the debt, half was paid out"
    assert queries.statement(account_id=ana.pk, currency="CNY")[-1].balance.amount == 0
    _assert_every_journal_nets_to_zero()


def test_f21_settle_rule_waits_for_receipt_days_and_an_open_request() -> None:
    ana, order = _sold()
    story.received(order)
    request = OrderRefund.objects.create(
        order=order,
        amount=100,
        currency="CNY",
        reason="does not fit",
        key="ask",
        requested_by="buyer",
        created_at=clock.now(),
        due_by=clock.now(),
    )
    story.due(order)
    assert story.only(order).state == "held", "an open request for a refund holds it"
    OrderRefund.objects.filter(pk=request.pk).update(state="refused")
    commission = story.only(order)
    actions.hold_fraud(actor=story.FINANCE, commission_id=commission.pk, reason="odd pattern")
    story.due(order)
    assert story.only(order).state == "held_fraud", "a hold for suspicion holds it"
    actions.release_fraud(actor=story.FINANCE, commission_id=commission.pk, reason="looked into")
    story.refund(order, (order.lines.get(), 3_333))
    story.due(order)
    commission = story.only(order)
    assert (commission.state, commission.reversed_amount) == ("payable", 333)
    assert story.book(ana) == 667


def test_f28_idempotent_sale_events_delivered_twice_change_nothing() -> None:
    ana, order = _sold()
    ids = {"order_id": order.pk, "checkout_id": order.checkout_id, "shop_id": order.shop_id}

    def again(event: events.Event) -> None:
        with transaction.atomic():
            locks.take([LockKey("order", order.pk), *events.locks_for(event)])
            events.emit(event, actor=story.SYSTEM)

    again(OrderPlaced(**ids))
    again(story.paid_event(order))
    story.received(order)
    until = story.only(order).hold_until
    again(OrderReceived(**ids))
    event = story.refund(order, (order.lines.get(), 4_000))
    story.deliver_refund(order, event)
    story.deliver_refund(order, event)

    commission = story.only(order)
    assert Commission.objects.count() == 1
    assert (commission.state, commission.hold_until) == ("held", until)
    assert (commission.refunded_base, commission.reversed_amount) == (4_000, 400)
    assert story.book(ana, "earner_held") == 600
    assert Journal.objects.filter(subject_kind="commission").count() == 2
    moves = StateChange.objects.filter(subject_id=commission.pk)
    assert [move.target for move in moves.order_by("pk")] == ["pending", "held"]


def test_a_refund_that_rounds_to_nothing_is_remembered_and_made_up_later() -> None:
    ana, order = _sold(price=3, rate_bps=3000)
    assert story.only(order).amount == 1
    line = order.lines.get()
    first = story.refund(order, (line, 1))
    story.deliver_refund(order, first)
    commission = story.only(order)
    assert (commission.refunded_base, commission.reversed_amount) == (1, 0)
    story.refund(order, (line, 2))
    assert story.only(order).state == "reversed"
    assert story.book(ana, "earner_held") == 0
    _assert_every_journal_nets_to_zero()


def test_a_hold_for_suspicion_survives_a_partial_refund_and_a_later_receipt() -> None:
    ana, order = _sold()
    commission = story.only(order)
    actions.hold_fraud(actor=story.FINANCE, commission_id=commission.pk, reason="odd pattern")
    story.refund(order, (order.lines.get(), 5_000))
    story.received(order)
    story.due(order)
    commission = story.only(order)
    assert (commission.state, commission.reason) == ("held_fraud", "fraud_hold")
    assert commission.hold_until is not None
    actions.release_fraud(actor=story.FINANCE, commission_id=commission.pk, reason="looked into")
    story.due(order)
    assert story.book(ana) == 500
    assert story.only(order).reason == ""


def test_a_commission_waits_for_what_is_on_its_way_back() -> None:
    at = scene(price=10_000, quantity=2)
    buyer = make.actor(at.buyer)
    orders.ship(actor=make.actor(at.owner), order_id=at.order.pk, carrier="SF")
    orders.confirm_receipt(actor=buyer, order_id=at.order.pk)
    asked = orders.ask_return(
        actor=buyer,
        order_id=at.order.pk,
        units={at.order.lines.get().pk: 1},
        reason="damaged",
        key="r",
    )
    at.order.refresh_from_db()

    story.due(at.order)
    assert story.only(at.order).state == "held", "half of it may go back"

    orders.withdraw_return(actor=buyer, return_id=asked.pk)
    story.due(at.order)
    assert story.only(at.order).state == "payable"
