"""What was passed on and is to go back: of two shops in one payment, and for a refund."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.earnings.settling import settle_order
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.ledger.proof import verify
from banyan.payments import actions, jobs
from banyan.payments.access import get_intent_of
from banyan.payments.models import Payout, PayoutReturn, Refund
from banyan.payments.rules import PATIENCE
from tests.payments.stripe.conftest import gateway, stripe_process
from tests.payments.stripe.gateway import Gateway
from tests.payments.till import balance
from tests.payments.wechat.conftest import wechat, wechat_process
from tests.payments.wechat.driver import Wechat, deliver
from tests.support import factories as make

from .test_splits import MCHID, account_for, connect, paid_by_stripe, received, refund

__all__ = ["connect", "gateway", "stripe_process", "wechat", "wechat_process"]

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def test_a_shop_is_not_passed_on_what_another_one_owes(wechat: Wechat, settings: Any) -> None:
    settings.WECHAT_PROFIT_SHARING = True
    items = [make.variant(price=10_000) for _shop in range(2)]
    checkout = make.place(*((item, 1) for item in items), provider="wechat")
    intent = get_intent_of("checkout", checkout.pk)
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    intent.refresh_from_db()
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    first, second = checkout.orders.order_by("id")
    account_for(first, "wechat", MCHID)
    account_for(second, "wechat", "1900000119")
    received(first)
    jobs.run_sweep()
    wechat.configure(shares="later")
    refund(first, 10_000)
    jobs.run_sweep()
    back = PayoutReturn.objects.get()
    wechat.control("share_return", out_return_no=f"return-{back.pk}-1", result="FAILED")
    actions.poll_return(actor=CRON, return_id=back.pk)
    assert PayoutReturn.objects.get().state == "failed"

    received(second)
    settle_order(actor=CRON, order_id=second.pk, key="again")

    assert Payout.objects.get().subject_id == first.pk
    owed = [balance("shop_payable", owner_id=one.shop_id) for one in (first, second)]
    assert owed == [-10_000, 10_000], "the platform owes the one, and is owed by the other"
    assert wechat.control("shares")["let_go"] == [f"pay-{intent.pk}-1"]
    assert verify().clean


def test_nor_what_a_bank_took_and_another_one_did_not_give_back(connect: Gateway) -> None:
    """Given a bank that takes 120 of 200 for two shops, of which one has its 100 already."""
    items = [make.variant(price=10_000) for _shop in range(2)]
    checkout = make.place(*((item, 1) for item in items), provider="stripe")
    intent = get_intent_of("checkout", checkout.pk)
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    intent.refresh_from_db()
    connect.pay(intent)
    connect.tell("checkout.session.completed")
    first, second = checkout.orders.order_by("id")
    for order in (first, second):
        account_for(order, "stripe", connect.control("account")["id"])
    received(first)
    jobs.run_sweep()
    connect.dispute(intent, amount=12_000)
    connect.tell("charge.dispute.funds_withdrawn")
    settle_order(actor=CRON, order_id=first.pk, key="bank")
    back = PayoutReturn.objects.get()
    actions.settle_return(actor=CRON, return_id=back.pk, succeeded=False, failure="refused")

    received(second)

    assert [part.subject_id for part in Payout.objects.all()] == [first.pk]
    owed = [balance("shop_payable", owner_id=one.shop_id) for one in (first, second)]
    assert owed == [-6_000, 4_000], "the platform owes the one, and is owed by the other"
    assert verify().clean


@pytest.fixture
def waits(connect: Gateway) -> Refund:
    """A refund that Stripe refused: our balance had not the money, which a shop has."""
    order = paid_by_stripe(connect)
    account_for(order, "stripe", connect.control("account")["id"])
    received(order)
    jobs.run_sweep()
    connect.control("behave", refunds="insufficient")
    refund(order, 2500)
    found = Refund.objects.get()
    return actions.submit_refund(actor=CRON, refund_id=found.pk)


def test_stripe_is_asked_for_a_refund_until_it_has_forgotten_its_refusal(
    connect: Gateway, waits: Refund
) -> None:
    assert (waits.state, waits.failure) == ("requested", "")
    jobs.run_sweep()
    assert PayoutReturn.objects.get().state == "paid"

    connect.control("behave", refunds="succeeded")
    with clock.at(clock.now() + dt.timedelta(hours=24)):
        jobs.run_sweep()  # "after they're at least 24 hours old" keys are forgotten
    waits.refresh_from_db()
    assert waits.state == "requested"
    connect.control("forget_keys")
    with clock.at(clock.now() + dt.timedelta(hours=26)):
        jobs.run_sweep()

    waits.refresh_from_db()
    assert (waits.state, waits.sequence) == ("succeeded", 1)
    assert len(connect.things("refund")) == 1
    assert balance("clearing") == 0


def test_a_refund_waits_for_no_money_longer_than_three_days(
    connect: Gateway, waits: Refund
) -> None:
    with clock.at(clock.now() + PATIENCE):
        jobs.run_sweep()
    waits.refresh_from_db()
    assert (waits.state, waits.failure) == ("failed", "insufficient_balance_for_refund")
