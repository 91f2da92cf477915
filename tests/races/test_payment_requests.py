"""A payment request that two pay at the same instant is paid once; the other gets it back."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import Any

import pytest

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.ledger.proof import verify
from banyan.payments import actions
from banyan.payments.actions import requests
from banyan.payments.models import Intent, PaymentRequest, Refund
from banyan.payments.problems import RefundTooLarge
from tests.payments.fixtures import till_settings
from tests.payments.till import balance
from tests.support import factories
from tests.support.threads import run_at_once

__all__ = ["till_settings"]

pytestmark = pytest.mark.usefixtures("threaded_db")
CRON = Actor.system("test")


def asked() -> PaymentRequest:
    shop = factories.shop()
    return actions.ask_for_payment(
        actor=factories.actor(shop.owner),
        payee_kind="shop",
        payee_id=shop.pk,
        amount=Money(5000, shop.currency),
        note="Two cups",
        good_for=dt.timedelta(days=1),
    )


def two_ways(request: PaymentRequest) -> list[Intent]:
    """Return two payments of one request, each with a provider of its own."""
    return [
        actions.intent_for_request(actor=CRON, request=request, provider=name)
        for name in ("scripted", "sandbox")
    ]


def paying(intent: Intent) -> Callable[[], Any]:
    paid = actions.Paid(
        provider_ref=f"ref-{intent.pk}",
        money=Money(intent.amount, intent.currency),
        at=clock.now(),
    )
    return lambda: actions.capture(actor=CRON, intent_id=intent.pk, paid=paid)


@pytest.mark.parametrize("round_", range(4))
def test_two_payers_at_once_pay_it_once(round_: int) -> None:
    request = asked()
    first, second = two_ways(request)

    outcomes = run_at_once(paying(first), paying(second))

    assert sorted(outcomes) == ["captured", "unplaced"]
    request.refresh_from_db()
    assert request.state == "paid"
    assert balance("shop_payable", owner_id=request.payee_id) == 5000
    assert Refund.objects.get().amount == 5000
    assert Refund.objects.get().intent_id != request.intent_id
    assert verify().clean


def test_control_without_lock_and_condition_it_is_paid_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = asked()
    first, second = two_ways(request)
    seen: list[str] = []

    def move_without_looking(machine: Any, row: PaymentRequest, to: str, **more: Any) -> None:
        time.sleep(0.3)
        seen.append(to)

    # Neither waits for the other, nor looks what it has become.
    monkeypatch.setattr(requests, "request_locks", lambda event: [])
    monkeypatch.setattr(requests, "_locked", lambda pk: PaymentRequest.objects.get(pk=pk))
    monkeypatch.setattr(requests, "transition", move_without_looking)
    monkeypatch.setattr(requests, "_post", lambda *row: None)

    run_at_once(paying(first), paying(second))

    assert seen == ["paid", "paid"]


def test_many_refunds_at_once_give_back_no_more_than_was_paid() -> None:
    request = asked()
    first, _ = two_ways(request)
    paying(first)()

    def give_back(key: str) -> Callable[[], Any]:
        return lambda: actions.refund_request(
            actor=CRON, request_id=request.pk, amount=2000, reason="x", key=key
        )

    results = run_at_once(*(give_back(f"r{n}") for n in range(5)))

    assert sum(isinstance(one, Refund) for one in results) == 2
    assert sum(isinstance(one, RefundTooLarge) for one in results) == 3
    request.refresh_from_db()
    assert request.refunded_amount == 4000
    assert verify().clean
