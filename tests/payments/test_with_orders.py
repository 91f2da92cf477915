"""A purchase through the real gateway, with orders placing what was paid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.ledger.proof import verify
from banyan.notify.models import Message
from banyan.orders import actions as orders
from banyan.orders.models import Checkout
from banyan.payments import actions, jobs, queries
from banyan.payments.models import Intent, Refund
from banyan.payments.rules import LAST_WORD
from tests.payments.till import balance
from tests.sandbox.driver import Hook
from tests.support import factories
from tests.support.sandbox import Receiver, Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Receiver]:
    receiver = Receiver()
    settings.PUBLIC_URL = receiver.url.removesuffix("/hooks/sandbox")
    yield receiver
    receiver.close()


def deliver(hook: Hook) -> None:
    headers = {name: value for name, value in hook.headers.items() if name.startswith("webhook-")}
    answer = Client().post(
        "/pay/hook/sandbox", hook.body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 200


def under_way(stock: int = 1) -> tuple[Checkout, Intent]:
    checkout = factories.place((factories.variant(price=10_000, stock=stock), 1))
    intent = Intent.objects.get(subject_kind="checkout", subject_id=checkout.pk)
    actions.start(
        actor=Actor.guest(),
        intent_id=intent.pk,
        return_url="http://shop.test/o/1",
        locale="en",
    )
    intent.refresh_from_db()
    return checkout, intent


def expire() -> None:
    orders.expire_due(actor=Actor.system("test"))


def assert_books_are_clean() -> None:
    report = verify()
    assert report.clean, report


def test_a_purchase_is_paid_through_the_gateway(sandbox: Sandbox, mailbox: Receiver) -> None:
    checkout, intent = under_way()
    assert (intent.cause_id, intent.expires_at) == (checkout.pk, checkout.expires_at)

    sandbox.pay(intent.provider_ref)
    deliver(mailbox.wait(1)[0])

    checkout.refresh_from_db()
    order = checkout.orders.get()
    assert (checkout.state, order.state) == ("paid", "paid")
    assert balance("clearing") == 0
    assert balance("gateway", "sandbox") == -checkout.total_amount
    assert_books_are_clean()


def test_a_payment_made_in_time_wins_though_nobody_told_of_it(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    """Given two jobs that run every ten seconds, of which either may come first."""
    checkout, intent = under_way()
    sandbox.pay(intent.provider_ref, "never")
    with clock.at(checkout.expires_at):
        for job in (expire, jobs.run_sweep, expire):
            job()

    checkout.refresh_from_db()
    intent.refresh_from_db()
    assert (checkout.state, intent.state) == ("paid", "captured")
    assert_books_are_clean()


def test_what_nobody_paid_lapses_as_soon_as_the_provider_has_said_so(sandbox: Sandbox) -> None:
    checkout, _ = under_way()
    with clock.at(checkout.expires_at):
        jobs.run_sweep()
        expire()
    checkout.refresh_from_db()
    assert checkout.state == "expired"


def test_what_nobody_is_paying_lapses_at_once() -> None:
    checkout = factories.place((factories.variant(stock=1), 1))
    with clock.at(checkout.expires_at):
        expire()
    checkout.refresh_from_db()
    assert checkout.state == "expired"


def test_money_for_a_lapsed_reservation_goes_back_and_the_unit_is_free(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    """Given nobody who could ask the provider in the minute after the order's time."""
    checkout, intent = under_way()
    sandbox.pay(intent.provider_ref, "never")
    with clock.at(checkout.expires_at + LAST_WORD):
        expire()
    with clock.at(checkout.expires_at):
        jobs.run_sweep()
    jobs.run_sweep()
    for hook in mailbox.wait(1):
        deliver(hook)

    checkout.refresh_from_db()
    intent.refresh_from_db()
    refund = Refund.objects.get()
    assert (checkout.state, intent.state) == ("expired", "captured_unplaced")
    assert (refund.state, refund.amount) == ("succeeded", intent.amount)
    assert checkout.orders.get().state == "expired"
    assert balance("clearing") == balance("gateway", "sandbox") == 0
    assert_books_are_clean()
    relay.drain()
    [letter] = Message.objects.filter(kind="payment.back")
    assert "goes back in full" in letter.body
    assert f"/o/{checkout.access_token}" in letter.body


def test_a_granted_refund_reaches_the_gateway_and_the_order_says_so(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    checkout, intent = under_way()
    sandbox.pay(intent.provider_ref)
    deliver(mailbox.wait(1)[0])
    order = checkout.orders.get()
    granted = orders.grant_refund(
        actor=factories.actor(order.shop.owner),
        order_id=order.pk,
        amount=4_000,
        reason="one cup broken",
        key="g1",
    )
    jobs.run_sweep()
    deliver(mailbox.wait(2)[1])

    granted.refresh_from_db()
    assert granted.state == "succeeded"
    assert sandbox.api.payment({"id": intent.provider_ref})["refunded"] == 4_000
    assert balance("clearing") == 0
    story = [(m.kind, m.what) for m in queries.story([intent])]
    assert story[-1] == ("refund", "succeeded")
    assert_books_are_clean()


def test_credit_buys_and_comes_back_as_credit() -> None:
    buyer = factories.member()
    price = 10_000
    item = factories.variant(price=price)
    actions.issue_credit(
        actor=Actor.system("test"),
        account_id=buyer.pk,
        amount=Money(50_000, "CNY"),
        key="gift",
        reason="gift",
    )
    checkout = factories.place((item, 1), buyer=buyer, provider="wallet")
    assert checkout.intent_id is not None
    actions.start(
        actor=factories.actor(buyer), intent_id=checkout.intent_id, return_url="/", locale="en"
    )
    checkout.refresh_from_db()
    assert checkout.state == "paid"
    order = checkout.orders.get()
    orders.grant_refund(
        actor=factories.actor(order.shop.owner),
        order_id=order.pk,
        amount=4_000,
        reason="one cup broken",
        key="g1",
    )
    jobs.run_sweep()
    left = queries.wallet_balance(account_id=buyer.pk, currency="CNY")
    assert left.amount == 50_000 - checkout.total_amount + 4_000
    assert_books_are_clean()
