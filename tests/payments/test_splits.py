"""Passing parts of a payment on to merchants' own accounts, through both stand-ins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from banyan.catalog.models import Shop
from banyan.earnings.settling import settle_order
from banyan.kernel import clock, events, locks, relay
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money
from banyan.ledger import actions as ledger
from banyan.ledger.proof import verify
from banyan.ledger.rules import Entry
from banyan.orders.events import OrderReceived
from banyan.orders.models import Order
from banyan.payments import actions, jobs
from banyan.payments.access import get_intent_of
from banyan.payments.actions.payouts import split_order, splitting
from banyan.payments.models import ConnectedAccount, Intent, Payout, PayoutReturn, Refund
from banyan.payments.problems import (
    PayoutNotSupported,
    ProviderRefused,
    ProviderUnreachable,
    SplitTooLarge,
)
from banyan.payments.rules import PATIENCE
from tests.payments.stripe.conftest import gateway, stripe_process
from tests.payments.stripe.gateway import Gateway
from tests.payments.till import balance, given_up
from tests.payments.wechat.conftest import wechat, wechat_process
from tests.payments.wechat.driver import Wechat, deliver
from tests.support import factories

__all__ = ["gateway", "stripe_process", "wechat", "wechat_process"]

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")
MCHID = "1900000109"


@pytest.fixture(autouse=True)
def proved() -> Iterator[None]:
    yield
    report = verify()
    assert report.clean
    assert not any(report.totals.values())


@pytest.fixture
def connect(gateway: Gateway, settings: Any) -> Gateway:
    settings.STRIPE_CONNECT = True
    return gateway


@pytest.fixture
def sharing(wechat: Wechat, settings: Any) -> Wechat:
    settings.WECHAT_PROFIT_SHARING = True
    return wechat


def bought(provider: str) -> Order:
    checkout = factories.place((factories.variant(price=10_000), 1), provider=provider)
    intent = intent_of(checkout.orders.get())
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    return checkout.orders.get()


def intent_of(order: Order) -> Intent:
    return get_intent_of("checkout", order.checkout_id)


def account_for(order: Order, provider: str, account: str) -> ConnectedAccount:
    return actions.connect_account(
        actor=factories.actor(order.shop.owner),
        owner_kind="shop",
        owner_id=order.shop_id,
        provider=provider,
        account=account,
        name="示例商户全称",
    )


def received(order: Order) -> Order:
    """The parcel arrives; what listens to it runs."""
    Order.objects.filter(pk=order.pk).update(state="received", received_at=clock.now())
    order.refresh_from_db()
    settle_order(actor=CRON, order_id=order.pk, key=f"received:{order.pk}")
    return order


def paid_by_stripe(connect: Gateway) -> Order:
    order = bought("stripe")
    connect.pay(intent_of(order))
    connect.tell("checkout.session.completed")
    order.refresh_from_db()
    assert order.state == "paid"
    return order


def paid_by_wechat(sharing: Wechat) -> Order:
    order = bought("wechat")
    sharing.pay(intent_of(order))
    assert deliver(sharing.told()) == 200
    order.refresh_from_db()
    assert order.state == "paid"
    return order


def refund(order: Order, amount: int, key: str = "k1") -> None:
    """Give a part back, as the orders' own refund books it, and let the hook see it."""
    shop = ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=order.shop_id, currency=order.currency
    )
    clearing = ledger.account(kind="clearing", owner_kind="platform", currency=order.currency)
    with transaction.atomic():
        keys = [LockKey("payment", intent_of(order).pk), *ledger.lock_keys([shop, clearing])]
        locks.take(keys)
        ledger.post(
            key=f"{key}:granted",
            kind="order.refunded",
            subject_kind="order_refund",
            subject_id=order.pk,
            entries=[
                Entry(shop.pk, -amount),
                Entry(clearing.pk, amount),
            ],
            currency=order.currency,
            actor=CRON,
        )
        actions.request_refund(
            actor=CRON,
            intent_id=intent_of(order).pk,
            amount=amount,
            reason="broken",
            subject_kind="test",
            subject_id=order.pk,
            key=key,
        )
    Order.objects.filter(pk=order.pk).update(refunded_amount=order.refunded_amount + amount)
    order.refresh_from_db()
    settle_order(actor=CRON, order_id=order.pk, key=f"{key}:back")


# ---- Stripe Connect ----------------------------------------------------------------------------


def test_stripe_transfers_what_the_shop_is_due(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    acct = connect.control("account")["id"]
    account_for(order, "stripe", acct)

    received(order)
    assert (balance("shop_payable", owner_id=order.shop_id), balance("payouts_in_transit")) == (
        0,
        order.total_amount,
    )
    jobs.run_sweep()

    split = Payout.objects.get()
    (transfer,) = connect.things("transfer")
    assert (split.state, split.provider_ref) == ("paid", transfer["id"])
    assert (transfer["amount"], transfer["destination"]) == (order.total_amount, acct)
    assert transfer["source_transaction"].startswith("ch_")
    assert balance("payouts_in_transit") == 0
    assert balance("gateway", "stripe") == 0  # nothing of it is with the platform any more


def test_a_refund_takes_back_what_was_passed_on(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    account_for(order, "stripe", connect.control("account")["id"])
    received(order)
    jobs.run_sweep()

    refund(order, 4000)
    jobs.run_sweep()

    back = PayoutReturn.objects.get()
    (reversal,) = connect.things("transfer_reversal")
    assert (back.state, back.amount, reversal["amount"]) == ("paid", 4000, 4000)
    assert balance("shop_payable", owner_id=order.shop_id) == 0
    settle_order(actor=CRON, order_id=order.pk, key="k1:back")
    jobs.run_sweep()
    assert PayoutReturn.objects.count() == 1


def test_a_time_out_and_a_forgotten_key_transfer_once(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    account_for(order, "stripe", connect.control("account")["id"])
    received(order)
    split = Payout.objects.get()
    connect.control("behave", faults=[500])
    assert actions.submit_payout(actor=CRON, payout_id=split.pk).state == "requested"
    Payout.objects.update(next_attempt_at=clock.now())
    actions.submit_payout(actor=CRON, payout_id=split.pk)
    Payout.objects.filter(pk=split.pk).update(state="requested", next_attempt_at=clock.now())
    connect.control("forget_keys")
    splitting("stripe").split(split_order(Payout.objects.get()))
    assert len(connect.things("transfer")) == 1
    Payout.objects.filter(pk=split.pk).update(state="paid", next_attempt_at=None)


def test_an_account_that_cannot_receive_is_not_connected(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    sleepy = connect.control("account", transfers="inactive")["id"]
    for account in (sleepy, "acct_nobody"):
        with pytest.raises(ProviderRefused):
            account_for(order, "stripe", account)
    assert not ConnectedAccount.objects.exists()
    assert not AuditEntry.objects.filter(action="payments.connect").exists()


def test_a_refused_transfer_leaves_the_debt_with_the_platform(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    account_for(order, "stripe", connect.control("account")["id"])
    ConnectedAccount.objects.update(account="acct_gone")
    received(order)
    given_up()

    split = Payout.objects.get()
    assert (split.state, split.failure) == ("failed", "resource_missing")
    assert balance("shop_payable", owner_id=order.shop_id) == order.total_amount
    assert balance("payouts_in_transit") == 0


def test_without_a_connected_account_nothing_is_passed_on(connect: Gateway) -> None:
    order = received(paid_by_stripe(connect))
    assert not Payout.objects.exists()
    assert balance("shop_payable", owner_id=order.shop_id) == order.total_amount


def test_it_is_off_unless_it_is_configured(gateway: Gateway) -> None:
    order = paid_by_stripe(gateway)
    with pytest.raises(PayoutNotSupported):
        account_for(order, "stripe", gateway.control("account")["id"])


# ---- WeChat profit sharing ---------------------------------------------------------------------


def test_wechat_shares_what_the_shop_is_due_and_lets_the_rest_go(sharing: Wechat) -> None:
    order = paid_by_wechat(sharing)
    account_for(order, "wechat", MCHID)
    received(order)
    jobs.run_sweep()

    split = Payout.objects.get()
    told = sharing.control("shares")
    assert split.state == "paid"
    assert told["shares"][0]["receivers"][0]["amount"] == order.total_amount
    assert told["shares"][0]["out_order_no"] == f"payout-{split.pk}-1"
    assert told["let_go"] == [f"pay-{intent_of(order).pk}-1"]
    assert balance("gateway", "wechat") == 0


def test_wechat_answers_later_and_is_asked(sharing: Wechat) -> None:
    order = paid_by_wechat(sharing)
    account_for(order, "wechat", MCHID)
    sharing.configure(shares="later")
    received(order)
    jobs.run_sweep()
    split = Payout.objects.get()
    assert split.state == "submitted"

    sharing.control("share", out_order_no=f"payout-{split.pk}-1", result="SUCCESS")
    assert actions.poll_payout(actor=CRON, payout_id=split.pk).state == "paid"


def test_a_share_that_ends_as_closed_leaves_the_debt(sharing: Wechat) -> None:
    order = paid_by_wechat(sharing)
    account_for(order, "wechat", MCHID)
    sharing.configure(shares="later")
    received(order)
    jobs.run_sweep()
    split = Payout.objects.get()
    sharing.control("share", out_order_no=f"payout-{split.pk}-1", result="CLOSED")
    actions.poll_payout(actor=CRON, payout_id=split.pk)

    split.refresh_from_db()
    assert (split.state, split.failure) == ("failed", "ACCOUNT_ABNORMAL")
    assert balance("shop_payable", owner_id=order.shop_id) == order.total_amount


def test_what_a_failed_part_would_have_let_go_is_let_go(sharing: Wechat) -> None:
    """Given a part that WeChat Pay refuses: what is the platform's is not left frozen."""
    order = paid_by_wechat(sharing)
    account_for(order, "wechat", MCHID)
    ConnectedAccount.objects.update(account="1900000404")
    received(order)
    given_up()
    assert (Payout.objects.get().state, Payout.objects.get().failure) == ("failed", "NO_AUTH")
    assert sharing.control("shares")["let_go"] == []

    relay.drain()
    job = ProcrastinateJob.objects.filter(task_name="earnings.settle").latest("id")
    settle_order(actor=CRON, order_id=int(job.args["order_id"]), key=job.args["key"])

    assert sharing.control("shares")["let_go"] == [f"pay-{intent_of(order).pk}-1"]
    assert Payout.objects.count() == 1  # the platform owes it, and does not try again


def test_what_waits_in_escrow_is_with_the_platform_and_not_frozen(sharing: Wechat) -> None:
    order = paid_by_wechat(sharing)
    Shop.objects.filter(pk=order.shop_id).update(kind="member")
    received(order)
    assert not Payout.objects.exists()
    assert sharing.control("shares")["let_go"] == [f"pay-{intent_of(order).pk}-1"]


def test_nothing_is_let_go_while_a_part_is_still_to_be_sent(sharing: Wechat) -> None:
    order = paid_by_wechat(sharing)
    account_for(order, "wechat", MCHID)
    received(order)
    with pytest.raises(ProviderUnreachable):
        actions.keep_rest(intent_id=intent_of(order).pk)
    assert sharing.control("shares")["let_go"] == []
    jobs.run_sweep()
    actions.keep_rest(intent_id=intent_of(order).pk)


def test_what_is_asked_for_by_a_link_is_never_frozen(sharing: Wechat) -> None:
    shop = factories.shop()
    asked = actions.ask_for_payment(
        actor=factories.actor(shop.owner),
        payee_kind="shop",
        payee_id=shop.pk,
        amount=Money(5000, shop.currency),
        note="Two cups",
        good_for=dt.timedelta(days=1),
    )
    intent = actions.intent_for_request(actor=CRON, request=asked, provider="wechat")
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    order = bought("wechat")
    frozen = {
        one: sharing.control("order", out_trade_no=f"pay-{one.pk}-1").get("settle_info")
        for one in (intent, intent_of(order))
    }
    assert list(frozen.values()) == [None, {"profit_sharing": True}]


def test_wechat_gives_back_before_the_refund_is_whole(sharing: Wechat) -> None:
    order = paid_by_wechat(sharing)
    account_for(order, "wechat", MCHID)
    received(order)
    jobs.run_sweep()
    sharing.configure(shares="later")
    refund(order, 2500)
    jobs.run_sweep()
    back = PayoutReturn.objects.get()
    assert back.state == "submitted"

    sharing.control("share_return", out_return_no=f"return-{back.pk}-1", result="SUCCESS")
    assert actions.poll_return(actor=CRON, return_id=back.pk).state == "paid"
    assert balance("shop_payable", owner_id=order.shop_id) == 0


def test_a_refund_waits_for_what_was_passed_on(sharing: Wechat) -> None:
    """Given a platform that holds nothing of its merchants': the refund needs their part first."""
    order = paid_by_wechat(sharing)
    account_for(order, "wechat", MCHID)
    received(order)
    jobs.run_sweep()
    sharing.configure(balance=0)
    refund(order, 2500)
    given_back = Refund.objects.get()

    actions.submit_refund(actor=CRON, refund_id=given_back.pk)
    given_back.refresh_from_db()
    assert (given_back.state, given_back.attempts) == ("requested", 1)
    jobs.run_sweep()
    assert PayoutReturn.objects.get().state == "paid"
    with clock.at(clock.now() + dt.timedelta(minutes=1)):
        jobs.run_sweep()
    given_back.refresh_from_db()
    assert given_back.state == "submitted"


def test_a_refund_does_not_wait_for_ever_for_a_merchant(sharing: Wechat) -> None:
    order = paid_by_wechat(sharing)
    account_for(order, "wechat", MCHID)
    received(order)
    jobs.run_sweep()
    sharing.configure(balance=0, shares="later")
    refund(order, 2500)
    jobs.run_sweep()
    sharing.configure(offset=PATIENCE.total_seconds())
    with clock.at(clock.now() + PATIENCE):
        actions.submit_refund(actor=CRON, refund_id=Refund.objects.get().pk)
    assert (Refund.objects.get().state, Refund.objects.get().failure) == ("failed", "NOT_ENOUGH")


def test_an_order_that_was_placed_before_is_refused_and_stays_a_debt(
    wechat: Wechat, settings: Any
) -> None:
    order = paid_by_wechat(wechat)
    settings.WECHAT_PROFIT_SHARING = True
    account_for(order, "wechat", MCHID)
    received(order)
    given_up()
    assert (Payout.objects.get().state, Payout.objects.get().failure) == ("failed", "RULE_LIMIT")
    assert balance("shop_payable", owner_id=order.shop_id) == order.total_amount


def test_what_is_passed_on_to_nobody_is_let_go(sharing: Wechat) -> None:
    order = received(paid_by_wechat(sharing))
    assert not Payout.objects.exists()
    for _ in range(2):
        actions.keep_rest(intent_id=intent_of(order).pk)
    assert sharing.control("shares")["let_go"] == [f"pay-{intent_of(order).pk}-1"]


@pytest.mark.parametrize("on", [True, False])
def test_a_received_order_is_left_to_a_job_where_money_is_passed_on(
    sharing: Wechat, settings: Any, on: bool
) -> None:
    order = paid_by_wechat(sharing)
    settings.WECHAT_PROFIT_SHARING = on
    with transaction.atomic():
        event = OrderReceived(
            order_id=order.pk, checkout_id=order.checkout_id, shop_id=order.shop_id
        )
        events.emit(event, actor=CRON)
    relay.drain()

    waiting = ProcrastinateJob.objects.filter(task_name="earnings.settle")
    told = [{"order_id": str(order.pk), "key": f"received:{order.pk}"}] if on else []
    assert [job.args for job in waiting] == told


def test_a_share_to_a_stranger_is_refused(sharing: Wechat) -> None:
    order = paid_by_wechat(sharing)
    with pytest.raises(ProviderRefused):
        account_for(order, "wechat", "no number")


# ---- bounds ------------------------------------------------------------------------------------


def split_of(order: Order, amount: int, key: str) -> Payout | None:
    intent = intent_of(order)
    owed = ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=order.shop_id, currency=order.currency
    )
    with transaction.atomic():
        locks.take([LockKey("payment", intent.pk), *ledger.lock_keys([owed])])
        return actions.request_split(
            actor=CRON,
            intent_id=intent.pk,
            owner=("shop", order.shop_id),
            owed=owed,
            subject_kind="test",
            subject_id=order.pk,
            amount=amount,
            key=key,
            last=False,
        )


def test_no_more_is_passed_on_than_is_left_of_the_payment(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    account_for(order, "stripe", connect.control("account")["id"])
    assert split_of(order, order.total_amount - 100, "a") is not None
    with pytest.raises(SplitTooLarge):
        split_of(order, 101, "b")
    assert split_of(order, order.total_amount - 100, "a") == Payout.objects.get()


def test_no_more_is_taken_back_than_was_passed_on(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    account_for(order, "stripe", connect.control("account")["id"])
    split = split_of(order, 5000, "a")
    assert split is not None
    owed = ledger.account(
        kind="shop_payable", owner_kind="shop", owner_id=order.shop_id, currency=order.currency
    )
    actions.request_return(actor=CRON, payout_id=split.pk, credit=owed, amount=3000, key="r1")
    for amount in (2001, 0, -1):
        with pytest.raises(SplitTooLarge):
            actions.request_return(
                actor=CRON, payout_id=split.pk, credit=owed, amount=amount, key=f"r{amount}"
            )
    with pytest.raises(IntegrityError), transaction.atomic():
        Payout.objects.filter(pk=split.pk).update(returned_amount=5001)


def test_what_waits_in_escrow_is_not_passed_on(connect: Gateway) -> None:
    order = paid_by_stripe(connect)
    account_for(order, "stripe", connect.control("account")["id"])
    Shop.objects.filter(pk=order.shop_id).update(kind="member")
    received(order)
    assert not Payout.objects.exists()
