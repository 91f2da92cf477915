"""What payers' banks take back through Stripe: heard in any order, booked once, to the cent."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Invalid
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund
from banyan.payments import actions, jobs
from banyan.payments.access import get_intent_of
from banyan.payments.models import Chargeback, Intent, ProviderMessage, Refund
from banyan.payments.problems import PaymentChargedBack
from banyan.payments.providers.stripe import StripeProvider
from banyan.payments.rules import Outcome
from tests.payments.stripe.gateway import Gateway, post
from tests.payments.till import balance, started
from tests.support import factories

pytestmark = pytest.mark.usefixtures("books", "gateway")

CRON = Actor.system("test")
FEE = 1500  # what the stand-in keeps
ENDS = {"won": 1, "lost": 0}  # and what the shop has in the end


def bought(gateway: Gateway, *prices: int) -> list[Order]:
    """Return the paid orders of one purchase, one shop each."""
    items = [(factories.variant(price=price), 1) for price in prices or (10_000,)]
    checkout = factories.place(*items, provider="stripe")
    intent = get_intent_of("checkout", checkout.pk)
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    intent.refresh_from_db()
    gateway.pay(intent)
    gateway.tell("checkout.session.completed")
    return list(checkout.orders.order_by("id"))


def intent_of(order: Order) -> Intent:
    return get_intent_of("checkout", order.checkout_id)


def owed(order: Order) -> int:
    return balance("shop_payable", owner_id=order.shop_id)


def hear(ref: str) -> Outcome:
    return actions.hear_chargeback(actor=CRON, provider="stripe", provider_ref=ref)


def held(gateway: Gateway) -> int:
    """Return what Stripe's balance has of ours, charges' fees apart."""
    moved = gateway.things("balance_transaction")
    return sum(one["amount"] - one["fee"] * (one["type"] != "charge") for one in moved)


def refund_of(order: Order, amount: int) -> Refund:
    granted = orders.grant_refund(
        actor=factories.actor(order.shop.owner),
        order_id=order.pk,
        amount=amount,
        reason="broken",
        key=f"refund {amount}",
    )
    return Refund.objects.get(subject_id=granted.pk)


def test_what_the_bank_takes_is_borne_by_the_shop_and_the_fee_apart(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    paid = order.total_amount
    gateway.dispute(intent_of(order))
    gateway.tell_all()

    found = Chargeback.objects.get()
    assert (found.state, found.amount, found.taken_amount) == ("needs_response", paid, paid)
    assert (found.fee_amount, found.fee_currency, found.reason) == (FEE, "CNY", "fraudulent")
    assert found.due_by is not None
    assert dt.timedelta(days=8) < found.due_by - clock.now() <= dt.timedelta(days=9)
    assert owed(order) == balance("clearing") == 0
    assert balance("provider_fees") == -FEE
    assert balance("gateway", "stripe") == -held(gateway) == FEE
    intent = intent_of(order)
    assert (intent.charged_back_amount, intent.refunded_amount) == (paid, 0)
    assert not OrderRefund.objects.exists()


def test_a_won_one_gives_everything_back_but_the_fee(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order))
    gateway.dispute_goes_on(ref, "under_review")
    gateway.dispute_goes_on(ref, "won")
    gateway.tell_all()

    found = Chargeback.objects.get()
    assert (found.state, found.taken_amount, found.next_check_at) == ("won", 0, None)
    assert owed(order) == order.total_amount
    assert balance("gateway", "stripe") == -held(gateway)
    assert intent_of(order).charged_back_amount == 0
    assert refund_of(order, order.total_amount).state == "requested"


def test_a_lost_one_counts_as_paid_back(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order))
    gateway.dispute_goes_on(ref, "lost")
    gateway.tell_all()

    order.refresh_from_db()
    refund = OrderRefund.objects.get()
    assert (refund.state, refund.amount) == ("succeeded", order.total_amount)
    assert refund.requested_by == "bank"
    assert (order.state, order.refunded_amount) == ("closed", order.total_amount)
    assert not Refund.objects.exists()
    assert owed(order) == balance("clearing") == 0
    assert balance("gateway", "stripe") == -held(gateway)


@pytest.mark.parametrize("end", ENDS)
def test_the_order_of_messages_does_not_matter(gateway: Gateway, end: str) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order))
    gateway.dispute_goes_on(ref, end)
    told = [
        event["id"]
        for event in gateway.control("state")["events"]
        if event["type"].startswith("charge.dispute.")
    ]
    for event in [*reversed(told), *told]:
        assert post(*gateway.signed(event)) == 200

    assert Chargeback.objects.get().state == end
    assert owed(order) == ENDS[end] * order.total_amount
    assert balance("provider_fees") == -FEE
    assert balance("clearing") == 0
    outcomes = ProviderMessage.objects.filter(kind="chargeback.changed").values("outcome")
    assert {row["outcome"] for row in outcomes} == {Outcome.CHARGEBACK}
    assert OrderRefund.objects.count() == 1 - ENDS[end]


@pytest.mark.parametrize("steps", list(itertools.permutations(("created", "won"))))
def test_a_word_that_was_overtaken_changes_nothing(
    gateway: Gateway, steps: tuple[str, ...], monkeypatch: Any
) -> None:
    """What was read before, and is booked after, neither opens nor books anything again."""
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order))
    read = {"created": StripeProvider().query_chargeback(ref)}
    gateway.dispute_goes_on(ref, "won")
    read["won"] = StripeProvider().query_chargeback(ref)
    for step in steps:
        monkeypatch.setattr(StripeProvider, "query_chargeback", lambda _s, _r, s=step: read[s])
        assert hear(ref) is Outcome.CHARGEBACK
    assert Chargeback.objects.get().state == "won"
    assert owed(order) == order.total_amount
    assert balance("clearing") == 0


def test_each_step_heard_by_itself_books_what_hearing_all_at_once_does(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order))
    for status in ("under_review", "won"):
        for _twice in range(2):
            assert hear(ref) is Outcome.CHARGEBACK
        assert owed(order) == 0
        gateway.dispute_goes_on(ref, status)
    hear(ref)
    assert owed(order) == order.total_amount
    assert balance("provider_fees") == -FEE


def test_an_inquiry_takes_nothing_until_it_becomes_a_chargeback(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order), inquiry=True)
    hear(ref)
    found = Chargeback.objects.get()
    assert (found.state, found.taken_amount) == ("inquiry", 0)
    assert owed(order) == order.total_amount

    gateway.dispute_goes_on(ref, "needs_response")
    hear(ref)
    found.refresh_from_db()
    assert (found.state, found.taken_amount) == ("needs_response", order.total_amount)
    assert owed(order) == 0


def test_an_inquiry_that_comes_to_nothing_is_closed(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order), inquiry=True)
    gateway.dispute_goes_on(ref, "warning_closed")
    hear(ref)
    assert Chargeback.objects.get().state == "closed"
    assert owed(order) == order.total_amount


@pytest.mark.parametrize("end", ENDS)
def test_a_part_is_shared_by_the_orders_of_the_payment(gateway: Gateway, end: str) -> None:
    first, second = bought(gateway, 10_000, 5_000)
    part = 3_001
    ref = gateway.dispute(intent_of(first), amount=part)
    hear(ref)
    lost = [order.total_amount - owed(order) for order in (first, second)]
    whole = first.total_amount + second.total_amount
    assert sum(lost) == part
    assert abs(lost[0] - part * first.total_amount / whole) < 1
    assert balance("clearing") == 0

    gateway.dispute_goes_on(ref, end)
    hear(ref)
    for order, took in zip((first, second), lost, strict=True):
        order.refresh_from_db()
        back = took * (1 - ENDS[end])
        assert (order.total_amount - owed(order), order.refunded_amount) == (back, back)
        assert sum(order.lines.values_list("refunded_amount", flat=True)) == back
    assert balance("clearing") == 0


def test_another_currency_is_left_to_a_person(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    gateway.dispute(intent_of(order), currency="usd")
    assert gateway.tell("charge.dispute.created") == 200
    assert ProviderMessage.objects.latest("id").outcome == Outcome.AMOUNT_MISMATCH
    assert owed(order) == order.total_amount
    assert not Chargeback.objects.exists()


def test_a_dispute_of_a_strangers_payment_is_left_to_a_person(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order))
    Intent.objects.update(provider_ref="cs_other")
    Intent.objects.get().attempts.update(provider_ref="cs_other")
    assert hear(ref) is Outcome.UNKNOWN_REFERENCE
    assert owed(order) == order.total_amount


def test_no_more_is_taken_than_was_paid(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    refund = actions.submit_refund(actor=CRON, refund_id=refund_of(order, 4_000).pk)
    assert refund.state == "succeeded"
    left = order.total_amount - 4_000
    over = gateway.dispute(intent_of(order), amount=left + 1)
    assert hear(over) is Outcome.AMOUNT_MISMATCH
    assert (owed(order), balance("clearing"), balance("provider_fees")) == (left, 0, 0)

    rest = gateway.dispute(intent_of(order), amount=left)
    assert hear(rest) is Outcome.CHARGEBACK
    assert owed(order) == balance("clearing") == 0
    gateway.dispute_goes_on(rest, "lost")
    hear(rest)
    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("closed", order.total_amount)


def test_nothing_is_refunded_while_the_bank_has_it_in_hand(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order), amount=1_000)
    hear(ref)
    with pytest.raises(PaymentChargedBack):
        refund_of(order, 100)
    assert not OrderRefund.objects.exists()

    gateway.dispute_goes_on(ref, "lost")
    hear(ref)
    with pytest.raises(Invalid, match="refund_too_much"):
        refund_of(order, order.total_amount - 999)
    assert refund_of(order, order.total_amount - 1_000).state == "requested"


@pytest.mark.parametrize("end", ENDS)
def test_a_promised_refund_waits_for_the_bank_and_is_not_paid_twice(
    gateway: Gateway, end: str
) -> None:
    (order,) = bought(gateway)
    refund = refund_of(order, 4_000)
    ref = gateway.dispute(intent_of(order))
    hear(ref)
    found = Chargeback.objects.get()
    assert (found.taken_amount, found.covered_amount) == (order.total_amount, 4_000)
    assert owed(order) == balance("clearing") == 0

    actions.submit_refund(actor=CRON, refund_id=refund.pk)
    assert not gateway.requests("/v1/refunds")

    gateway.dispute_goes_on(ref, end)
    hear(ref)
    with clock.at(clock.now() + dt.timedelta(hours=2)):
        jobs.run_sweep()
    refund.refresh_from_db()
    order.refresh_from_db()
    asked = [one for one in gateway.requests("/v1/refunds") if one["method"] == "POST"]
    if end == "won":
        assert (refund.state, len(asked)) == ("succeeded", 1)
        assert owed(order) == order.total_amount - 4_000
        assert order.refunded_amount == 4_000
    else:
        assert (refund.state, len(asked)) == ("covered", 0)
        assert owed(order) == 0
        assert order.refunded_amount == order.total_amount
    assert balance("clearing") == 0
    assert balance("gateway", "stripe") == -held(gateway)
    assert set(OrderRefund.objects.values_list("state", flat=True)) == {"succeeded"}


def test_a_refund_that_could_not_be_sent_is_covered_by_the_bank(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    refund = refund_of(order, order.total_amount)
    ref = gateway.dispute(intent_of(order))
    actions.submit_refund(actor=CRON, refund_id=refund.pk)
    refund.refresh_from_db()
    assert (refund.state, refund.failure) == ("failed", "charge_disputed")

    hear(ref)
    with pytest.raises(PaymentChargedBack):
        actions.retry_refund(actor=CRON, refund_id=refund.pk)
    gateway.dispute_goes_on(ref, "lost")
    hear(ref)

    refund.refresh_from_db()
    assert refund.state == "covered"
    assert balance("clearing") == owed(order) == 0
    assert balance("gateway", "stripe") == -held(gateway)


def test_stripe_away_is_asked_again_by_the_regular_check(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    gateway.dispute(intent_of(order))
    gateway.control("behave", faults=[503, 503])
    assert gateway.tell("charge.dispute.created") == 503
    assert not Chargeback.objects.exists()
    with clock.at(clock.now() + dt.timedelta(minutes=1)):
        assert jobs.run_sweep()["heard"] == 0
    with clock.at(clock.now() + dt.timedelta(minutes=1)):
        jobs.run_sweep()
    assert Chargeback.objects.get().taken_amount == order.total_amount


def test_an_end_that_nobody_told_is_found_by_the_regular_check(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order))
    hear(ref)
    gateway.dispute_goes_on(ref, "won")
    with clock.at(clock.now() + dt.timedelta(hours=7)):
        jobs.run_sweep()
    assert Chargeback.objects.get().state == "won"
    assert owed(order) == order.total_amount


def test_who_was_paid_by_a_request_bears_it(gateway: Gateway) -> None:
    shop = factories.shop()
    request = actions.ask_for_payment(
        actor=factories.actor(shop.owner),
        payee_kind="shop",
        payee_id=shop.pk,
        amount=Money(5_000, "CNY"),
        note="Two cups",
        good_for=dt.timedelta(days=1),
    )
    intent = actions.intent_for_request(actor=CRON, request=request, provider="stripe")
    actions.start(actor=CRON, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    intent.refresh_from_db()
    gateway.pay(intent)
    gateway.tell("checkout.session.completed")
    ref = gateway.dispute(intent)
    hear(ref)
    assert balance("shop_payable", owner_id=shop.pk) == balance("clearing") == 0
    with pytest.raises(PaymentChargedBack):
        actions.refund_request(actor=CRON, request_id=request.pk, amount=100, reason="x", key="r")
    gateway.dispute_goes_on(ref, "won")
    hear(ref)
    assert balance("shop_payable", owner_id=shop.pk) == 5_000


def test_money_for_nothing_that_was_promised_back_is_covered(gateway: Gateway) -> None:
    intent = started("stripe")
    Intent.objects.filter(pk=intent.pk).update(state="cancelled")
    gateway.pay(intent)
    gateway.tell("checkout.session.completed")
    refund = Refund.objects.get()
    ref = gateway.dispute(intent)
    hear(ref)
    gateway.dispute_goes_on(ref, "lost")
    hear(ref)
    refund.refresh_from_db()
    assert refund.state == "covered"
    assert balance("clearing") == 0


def test_the_bill_knows_what_the_bank_took_and_gave_back(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    ref = gateway.dispute(intent_of(order))
    gateway.dispute_goes_on(ref, "won")
    day = clock.now().date()

    unknown = actions.reconcile(actor=CRON, provider="stripe", day=day)
    assert [(one.kind, one.about) for one in unknown.differences] == [
        ("missing_here", "chargeback")
    ] * 2

    hear(ref)
    lines = [line for line in StripeProvider().bill(day) if line.kind == "chargeback"]
    paid = order.total_amount
    assert [(line.money.amount, line.fee) for line in lines] == [
        (paid, Money(FEE, "CNY")),
        (-paid, Money(0, "CNY")),
    ]
    assert actions.reconcile(actor=CRON, provider="stripe", day=day).clean

    Chargeback.objects.get().moves.update(amount=1)
    wrong = actions.reconcile(actor=CRON, provider="stripe", day=day)
    assert [one.kind for one in wrong.differences] == ["amount", "amount"]


def test_the_database_refuses_more_than_was_paid(gateway: Gateway) -> None:
    (order,) = bought(gateway)
    with pytest.raises(IntegrityError, match="intent_chargeback_within"), transaction.atomic():
        Intent.objects.update(charged_back_amount=order.total_amount, refunded_amount=1)
