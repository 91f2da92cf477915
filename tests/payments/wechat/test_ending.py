"""Orders that are closed, and money that comes when nobody waits for it any more."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.payments import actions, jobs, providers
from banyan.payments.actions.intents import charge_of
from banyan.payments.models import Attempt, Intent, ProviderMessage, Refund
from banyan.payments.providers.base import Status
from banyan.payments.rules import Outcome
from tests.payments.till import BUYER, SHOP_URL, Placer, balance, keys, names, started
from tests.payments.wechat.driver import Wechat, china, deliver, trade_no

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def closed_at_provider(intent: Intent) -> bool:
    charge = charge_of(intent, intent.attempts.get(number=1))
    return providers.get("wechat").query(charge).status == Status.CANCELLED


def all_refunded(wechat: Wechat, intent: Intent) -> None:
    """Send the refund that was requested, let the bank do it, hear of it."""
    refund = Refund.objects.get(intent__provider="wechat", intent__state="captured_unplaced")
    assert refund.amount == 12900
    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "submitted"
    wechat.settle(refund)
    assert deliver(wechat.told()) == 200
    refund.refresh_from_db()
    assert refund.state == "succeeded"


def test_an_order_whose_time_has_passed_is_closed_at_wechat_pay(wechat: Wechat) -> None:
    intent = started("wechat")
    later = dt.timedelta(minutes=15, seconds=1)
    wechat.configure(offset=later.total_seconds())
    with clock.at(clock.now() + later):
        jobs.run_sweep()
        intent.refresh_from_db()
        assert (intent.state, intent.next_check_at) == ("expired", None)
        assert Attempt.objects.get().outcome == "cancelled"
        assert closed_at_provider(intent)


def test_a_payment_in_the_last_second_wins_over_the_expiry(wechat: Wechat, placer: Placer) -> None:
    intent = started("wechat")
    wechat.pay(intent, at=china(intent.expires_at - dt.timedelta(seconds=1)))
    later = dt.timedelta(minutes=15, seconds=1)
    wechat.configure(offset=later.total_seconds())
    with clock.at(clock.now() + later):
        jobs.run_sweep()
    intent.refresh_from_db()
    assert (intent.state, placer.placed) == ("captured", [intent.pk])


def test_what_the_buyer_gave_up_is_closed_and_a_new_order_is_paid(
    wechat: Wechat, placer: Placer
) -> None:
    intent = started("wechat")
    actions.cancel_intent(actor=BUYER, intent_id=intent.pk)
    jobs.run_sweep()
    assert closed_at_provider(intent)
    assert Intent.objects.get(pk=intent.pk).state == "cancelled"


def test_while_the_payer_types_a_password_nothing_is_decided(
    wechat: Wechat, placer: Placer
) -> None:
    intent = started("wechat")
    wechat.control("paying", out_trade_no=trade_no(intent))
    charge = charge_of(intent, Attempt.objects.get())
    assert providers.get("wechat").cancel(charge).status == Status.PENDING
    wechat.pay(intent)
    assert providers.get("wechat").cancel(charge).status == Status.SUCCEEDED


def test_closing_twice_is_closed(wechat: Wechat) -> None:
    intent = started("wechat")
    charge = charge_of(intent, Attempt.objects.get())
    states = [providers.get("wechat").cancel(charge) for _ in range(2)]
    assert {state.status for state in states} == {Status.CANCELLED}


def test_an_order_that_wechat_pay_does_not_know_is_over_when_its_time_is(wechat: Wechat) -> None:
    intent = started("wechat")
    charge = charge_of(intent, Attempt.objects.get())
    wechat.control("reset")
    provider = providers.get("wechat")
    assert provider.query(charge).status == Status.PENDING
    assert provider.cancel(charge).status == Status.CANCELLED
    wechat.configure(offset=901)
    with clock.at(intent.expires_at):
        assert provider.query(charge).status == Status.CANCELLED


def test_money_for_what_was_given_up_goes_back_in_full(wechat: Wechat, placer: Placer) -> None:
    intent = started("wechat")
    wechat.pay(intent)
    actions.cancel_intent(actor=BUYER, intent_id=intent.pk)

    assert deliver(wechat.told()) == 200

    intent.refresh_from_db()
    assert (intent.state, intent.failure, placer.placed) == ("captured_unplaced", "too_late", [])
    all_refunded(wechat, intent)
    assert (balance("gateway", "wechat"), balance("clearing")) == (0, 0)


def test_money_told_after_our_expiry_goes_back_in_full(wechat: Wechat, placer: Placer) -> None:
    intent = started("wechat")
    wechat.pay(intent)
    wechat.configure(fault="500", offset=901)
    with clock.at(intent.expires_at):
        jobs.run_sweep()
        intent.refresh_from_db()
        assert intent.state == "expired"
        wechat.configure(fault="")
        assert deliver(wechat.told()) == 200

        intent.refresh_from_db()
        assert (intent.state, placer.placed) == ("captured_unplaced", [])
        all_refunded(wechat, intent)
    assert keys() == [
        f"intent:{intent.pk}:captured",
        f"refund:{Refund.objects.get().pk}:sent",
    ]
    assert "payment.unplaced" in names(intent)


def test_a_second_payment_of_one_purchase_goes_back_whatever_order_they_are_told_in(
    wechat: Wechat, placer: Placer
) -> None:
    intent = started("wechat")
    wechat.pay(intent)
    first = wechat.control("notifications")[-1]["id"]
    # We hold the first attempt for dead, while its payer has paid it.
    Attempt.objects.filter(intent=intent).update(outcome="cancelled")
    Intent.objects.filter(pk=intent.pk).update(state="failed")
    actions.start(actor=BUYER, intent_id=intent.pk, return_url=SHOP_URL, locale="en")
    wechat.pay(intent, number=2)

    assert deliver(wechat.told()) == 200
    assert deliver(wechat.envelope(first)) == 200

    assert placer.placed == [intent.pk]
    outcomes = ProviderMessage.objects.order_by("id").values_list("outcome", flat=True)
    assert list(outcomes) == [Outcome.CAPTURED, Outcome.SECOND_PAYMENT]
    all_refunded(wechat, intent)
    assert balance("gateway", "wechat") == -12900


def test_when_a_listener_refuses_the_money_goes_back(wechat: Wechat, placer: Placer) -> None:
    def refuse(event: Any) -> None:
        raise RuntimeError("the last one is gone")

    placer.act = refuse
    intent = started("wechat")
    wechat.pay(intent)
    assert deliver(wechat.told()) == 200
    assert Intent.objects.get(pk=intent.pk).state == "captured_unplaced"
    all_refunded(wechat, intent)
    assert balance("gateway", "wechat") == 0
