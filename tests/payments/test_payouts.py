"""Payouts: sent once, and settled once."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import transaction

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.ledger import actions as ledger
from banyan.ledger.rules import Entry
from banyan.payments import actions
from banyan.payments.models import Payout, ProviderMessage
from banyan.payments.problems import PayoutNotSupported, RefundKeyReused
from banyan.payments.providers.base import ProviderState, Status
from banyan.payments.rules import Outcome
from tests.payments.scripted import ScriptedProvider, script
from tests.payments.till import balance, keys, names
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def requested(provider: str = "scripted", amount: int = 8000, **how: Any) -> Payout:
    owed = ledger.account(kind="earner_payable", owner_kind="account", owner_id=7, currency="CNY")
    transit = ledger.account(kind="payouts_in_transit", owner_kind="platform", currency="CNY")
    ledger.post(
        key="batch:1",
        kind="payout.requested",
        subject_kind="payout_batch",
        subject_id=1,
        entries=[Entry(owed.pk, -8000), Entry(transit.pk, 8000)],
        currency="CNY",
        actor=CRON,
    )
    with transaction.atomic():
        return actions.request_payout(
            actor=CRON,
            provider=provider,
            subject_kind="payout_batch",
            subject_id=1,
            amount=Money(amount, "CNY"),
            destination={"account": how.get("account", "ana")},
            key="p1",
        )


def submit(payout: Payout) -> Payout:
    return actions.submit_payout(actor=CRON, payout_id=payout.pk)


def finished(payout: Payout) -> Payout:
    end = time.monotonic() + 60
    while actions.poll_payout(actor=CRON, payout_id=payout.pk).state == "submitted":
        assert time.monotonic() < end
        time.sleep(0.02)
    payout.refresh_from_db()
    return payout


def test_a_payout_reaches_the_gateway_and_clears_what_was_in_transit(sandbox: Sandbox) -> None:
    payout = finished(submit(requested("sandbox")))
    assert payout.state == "paid"
    assert sandbox.api.get(f"/v1/payouts/{payout.provider_ref}").json["status"] == "paid"
    assert keys()[-1] == f"payout:{payout.pk}:paid"
    assert (balance("payouts_in_transit"), balance("gateway", "sandbox")) == (0, 8000)
    assert names() == ["payout.requested", "payout.paid"]


def test_a_failed_payout_books_nothing_here(sandbox: Sandbox) -> None:
    payout = finished(submit(requested("sandbox", account="fail")))
    assert (payout.state, payout.failure) == ("failed", "account_closed")
    assert balance("payouts_in_transit") == 8000
    assert names() == ["payout.requested", "payout.failed"]


def test_the_same_key_is_the_same_payout_and_it_is_sent_once() -> None:
    assert requested() == requested()
    with pytest.raises(RefundKeyReused):
        requested(amount=1)
    payout = Payout.objects.get()
    submit(payout)
    submit(payout)
    assert len(script.asked("payout")) == 1


def test_a_provider_that_is_away_is_asked_again_with_the_same_request() -> None:
    payout = requested()
    script.away = True
    payout = submit(payout)
    assert payout.state == "requested"
    script.away = False
    assert payout.next_attempt_at is not None
    with clock.at(payout.next_attempt_at):
        assert submit(payout).state == "submitted"
    first, second = script.asked("payout")
    assert first == second


def test_a_refusal_is_a_failure() -> None:
    script.refuses = "limit"
    payout = submit(requested())
    assert (payout.state, payout.failure) == ("failed", "limit")


def test_the_final_word_counts_once() -> None:
    payout = submit(requested())

    def settle(succeeded: bool, money: Money | None = None) -> Outcome:
        return actions.settle_payout(
            actor=CRON,
            payout_id=payout.pk,
            succeeded=succeeded,
            provider_ref="x",
            money=money,
        )

    assert settle(True, Money(1, "CNY")) is Outcome.AMOUNT_MISMATCH
    assert settle(True, Money(8000, "CNY")) is Outcome.SETTLED
    assert settle(True) is Outcome.ALREADY_SETTLED
    assert settle(False) is Outcome.CONTRADICTION
    assert names() == ["payout.requested", "payout.paid"]


def test_the_wallet_never_pays_out() -> None:
    with pytest.raises(PayoutNotSupported):
        requested("wallet")


def test_another_amount_in_an_answer_is_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    payout = submit(requested())
    less = ProviderState(status=Status.SUCCEEDED, provider_ref="ref", money=Money(7999, "CNY"))
    monkeypatch.setattr(ScriptedProvider, "query_payout", lambda self, order: less)
    for _time in range(2):
        assert actions.poll_payout(actor=CRON, payout_id=payout.pk).state == "submitted"
    told = ProviderMessage.objects.get()
    assert (told.kind, told.outcome) == ("payout.paid", Outcome.AMOUNT_MISMATCH)
    assert (told.reference, told.repeats) == (f"payout-{payout.pk}-1", 1)
    assert balance("payouts_in_transit") == 8000
