"""A part of an order that its provider refuses: sent again by itself, given up, sent by an act."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from banyan.earnings.settling import pass_on_again, settle_order
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.problems import Conflict, Forbidden, NotFound
from banyan.notify.models import Notification
from banyan.orders.models import Order
from banyan.payments import jobs
from banyan.payments.models import ConnectedAccount, Payout, PayoutReturn
from banyan.payments.rules import LONGEST_SPLIT_TRY, SPLIT_PATIENCE, split_delay
from tests.payments.stripe.conftest import gateway, stripe_process
from tests.payments.stripe.gateway import Gateway
from tests.payments.test_splits import (
    account_for,
    connect,
    intent_of,
    paid_by_stripe,
    proved,
    received,
    refund,
)
from tests.payments.till import balance, given_up
from tests.support import factories

__all__ = ["connect", "gateway", "proved", "stripe_process"]
pytestmark = pytest.mark.django_db

FINANCE = Actor(kind="staff", id=1, roles=frozenset({"finance"}), label="finance")


@pytest.fixture
def order(connect: Gateway) -> Order:
    """A received order whose part Stripe refuses, for want of money on our balance."""
    found = paid_by_stripe(connect)
    account_for(found, "stripe", connect.control("account")["id"])
    connect.control("behave", transfers="insufficient")
    received(found)
    jobs.run_sweep()
    return found


def posted(gateway: Gateway) -> list[dict[str, Any]]:
    """Return the transfers that were asked for."""
    return [one for one in gateway.requests("/v1/transfers") if one["method"] == "POST"]


def days(n: float) -> Any:
    return clock.at(clock.now() + dt.timedelta(days=n))


def test_a_refused_part_is_sent_again_under_the_same_key(connect: Gateway, order: Order) -> None:
    part = Payout.objects.get()
    assert (part.state, part.failure) == ("requested", "balance_insufficient")
    assert part.next_attempt_at is not None
    assert balance("payouts_in_transit") == order.total_amount

    connect.control("behave", transfers="made")
    with days(1 / 24):
        jobs.run_sweep()  # Stripe repeats its answer to a key for a day
    assert Payout.objects.get().state == "requested"
    connect.control("forget_keys")
    with days(1.5):
        jobs.run_sweep()

    part.refresh_from_db()
    assert (part.state, part.failure) == ("paid", "")
    assert {one["key"] for one in posted(connect)} == {f"payout-{part.pk}-1"}
    assert len(posted(connect)) == 3
    assert [one["amount"] for one in connect.things("transfer")] == [order.total_amount]
    assert balance("shop_payable", owner_id=order.shop_id) == 0


def test_it_is_not_sent_before_its_time(connect: Gateway, order: Order) -> None:
    for _ in range(3):
        jobs.run_sweep()
    assert len(posted(connect)) == 1


def test_the_pauses_grow_and_have_an_end() -> None:
    pauses = [split_delay(n) for n in range(40)]
    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (dt.timedelta(minutes=1), LONGEST_SPLIT_TRY)
    tries = sum(sum(pauses[:n], dt.timedelta()) < SPLIT_PATIENCE for n in range(40))
    assert 10 < tries < 30


def test_what_is_given_up_is_owed_and_told_to_finance(connect: Gateway, order: Order) -> None:
    boss = factories.staff("finance")
    given_up()
    relay.drain()

    assert Payout.objects.get().state == "failed"
    assert balance("shop_payable", owner_id=order.shop_id) == order.total_amount
    assert balance("payouts_in_transit") == 0
    told = Notification.objects.get(recipient_id=boss.pk, kind="desk.payout_failed")
    assert "payout" in told.url
    with days(30):
        jobs.run_sweep()
    assert Payout.objects.count() == 1


def test_one_act_passes_on_what_the_shop_is_due_by_now(connect: Gateway, order: Order) -> None:
    given_up()
    refund(order, 1_000)
    Order.objects.filter(pk=order.pk).update(refunded_amount=1_000)
    connect.control("behave", transfers="made")
    failed = Payout.objects.get()

    made = pass_on_again(actor=FINANCE, payout_id=failed.pk, reason="the balance is filled")
    jobs.run_sweep()

    made.refresh_from_db()
    assert (made.state, made.amount) == ("paid", order.total_amount - 1_000)
    assert made.key == f"order_split:{order.pk}:2"
    assert balance("shop_payable", owner_id=order.shop_id) == 0
    entry = AuditEntry.objects.get(action="payout.send_again")
    assert (entry.subject_id, entry.reason) == (made.pk, "the balance is filled")

    with pytest.raises(Conflict) as refused:
        pass_on_again(actor=FINANCE, payout_id=failed.pk, reason="once more")
    assert refused.value.code == "part_not_failed"
    assert Payout.objects.count() == 2


def test_who_may_and_what_cannot_be_passed_on(connect: Gateway, order: Order) -> None:
    part = Payout.objects.get()
    with pytest.raises(Conflict) as early:
        pass_on_again(actor=FINANCE, payout_id=part.pk, reason="x")
    assert early.value.code == "part_not_failed"
    given_up()
    for somebody in (factories.actor(order.shop.owner), Actor.guest()):
        with pytest.raises((Forbidden, NotFound)):
            pass_on_again(actor=somebody, payout_id=part.pk, reason="x")
    with pytest.raises(NotFound):
        pass_on_again(actor=FINANCE, payout_id=1, reason="x")
    ConnectedAccount.objects.all().delete()
    with pytest.raises(Conflict) as nowhere:
        pass_on_again(actor=FINANCE, payout_id=part.pk, reason="x")
    assert nowhere.value.code == "nothing_to_pass_on"
    assert Payout.objects.count() == 1
    assert not AuditEntry.objects.filter(action="payout.send_again").exists()


@pytest.mark.parametrize("end", ["won", "lost"])
def test_what_was_passed_on_follows_what_the_bank_takes(connect: Gateway, end: str) -> None:
    order = paid_by_stripe(connect)
    account_for(order, "stripe", connect.control("account")["id"])
    received(order)
    jobs.run_sweep()
    ref = connect.dispute(intent_of(order))
    connect.tell("charge.dispute.created")
    follow(order)
    assert [back.state for back in PayoutReturn.objects.all()] == ["paid"]
    assert balance("shop_payable", owner_id=order.shop_id) == 0

    connect.dispute_goes_on(ref, end)
    connect.tell("charge.dispute.closed")
    follow(order)
    sent = [one["amount"] - one["amount_reversed"] for one in connect.things("transfer")]
    assert sent == ([0, order.total_amount] if end == "won" else [0])
    assert balance("shop_payable", owner_id=order.shop_id) == 0
    assert balance("payouts_in_transit") == 0


def follow(order: Order) -> None:
    """Do what the jobs do that were left for an order, twice."""
    relay.drain()
    for _ in range(2):
        for job in ProcrastinateJob.objects.filter(task_name="earnings.settle").order_by("id"):
            settle_order(actor=FINANCE, order_id=int(job.args["order_id"]), key=job.args["key"])
    jobs.run_sweep()
