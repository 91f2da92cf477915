"""Refunds: never more than was paid, sent once, failed ones asked for again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockOrderViolation
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict
from banyan.payments import actions
from banyan.payments.models import Intent, ProviderMessage, Refund
from banyan.payments.problems import DestinationNotSupported, RefundKeyReused, RefundTooLarge
from banyan.payments.providers.base import ProviderState, Status
from banyan.payments.rules import REFUND_PROMISE, Outcome
from tests.payments.scripted import ScriptedProvider, script
from tests.payments.till import BUYER, balance, captured, keys, names, refunded, started
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def submit(refund: Refund) -> Refund:
    return actions.submit_refund(actor=CRON, refund_id=refund.pk)


def settle(refund: Refund, succeeded: bool = True, **how: Any) -> Outcome:
    return actions.settle_refund(
        actor=CRON,
        refund_id=refund.pk,
        sequence=how.pop("sequence", 1),
        succeeded=succeeded,
        provider_ref="ref",
        **how,
    )


def until(fact: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_refund_is_promised_with_a_latest_date() -> None:
    intent = captured()
    refund = refunded(intent, 5000)
    intent.refresh_from_db()
    assert intent.refunded_amount == 5000
    assert refund.due_by - refund.created_at == REFUND_PROMISE
    assert names(intent) == ["payment.captured", "refund.requested"]
    assert script.asked("refund") == []


def test_refunds_never_exceed_what_was_captured() -> None:
    intent = captured()
    refunded(intent, 12000)
    with pytest.raises(RefundTooLarge) as refused:
        refunded(intent, 901, "r2")
    assert refused.value.extra == {"refundable": 900}
    refunded(intent, 900, "r3")
    assert Intent.objects.get(pk=intent.pk).refunded_amount == 12900
    assert Refund.objects.count() == 2


@pytest.mark.parametrize("amount", [0, -1])
def test_nothing_is_no_refund(amount: int) -> None:
    intent = captured()
    with pytest.raises(RefundTooLarge):
        refunded(intent, amount)
    assert Intent.objects.get(pk=intent.pk).refunded_amount == 0


def test_an_unpaid_payment_is_not_refunded() -> None:
    intent = started()
    with pytest.raises(RefundTooLarge):
        refunded(intent, 1)


def test_the_same_key_is_the_same_refund() -> None:
    intent = captured()
    assert refunded(intent, 5000) == refunded(intent, 5000)
    with pytest.raises(RefundKeyReused):
        refunded(intent, 4000)
    assert Intent.objects.get(pk=intent.pk).refunded_amount == 5000


@transaction.atomic
def asked_without_lock(intent: Intent) -> Refund:
    return actions.request_refund(
        actor=BUYER,
        intent_id=intent.pk,
        amount=1,
        reason="",
        subject_kind="test",
        subject_id=1,
        key="k",
    )


def test_a_refund_needs_the_payments_lock() -> None:
    intent = captured()
    with pytest.raises(LockOrderViolation):
        asked_without_lock(intent)


def test_sending_it_twice_asks_the_provider_once() -> None:
    refund = refunded(captured(), 5000)
    assert submit(refund).state == "submitted"
    assert submit(refund).state == "submitted"
    assert len(script.asked("refund")) == 1
    assert settle(refund) is Outcome.SETTLED
    assert settle(refund) is Outcome.ALREADY_SETTLED
    assert keys()[1:] == [f"refund:{refund.pk}:sent"]
    assert (balance("gateway", "scripted"), balance("clearing")) == (-7900, 7900)


def test_a_provider_that_is_away_is_asked_again_later_with_the_same_request() -> None:
    refund = refunded(captured(), 5000)
    script.away = True
    refund = submit(refund)
    assert (refund.state, refund.attempts) == ("requested", 1)
    assert refund.next_attempt_at is not None
    assert refund.next_attempt_at > clock.now()
    script.away = False
    assert submit(refund).state == "requested", "not yet"
    with clock.at(refund.next_attempt_at):
        assert submit(refund).state == "submitted"
    first, second = script.asked("refund")
    assert first == second


def test_a_failed_refund_stays_owed_and_goes_to_another_destination(sandbox: Sandbox) -> None:
    intent = started("sandbox")
    sandbox.pay(intent.provider_ref)
    actions.sync(actor=CRON, intent_id=intent.pk)
    sandbox.configure(fail_refunds=True)
    refund = submit(refunded(intent, 5000))
    until(lambda: actions.poll_refund(actor=CRON, refund_id=refund.pk).state != "submitted")
    refund.refresh_from_db()
    assert (refund.state, refund.failure) == ("failed", "destination_refused")
    assert Intent.objects.get(pk=intent.pk).refunded_amount == 5000
    assert balance("clearing") == 12900
    assert names(intent)[-1] == "refund.failed"

    actions.retry_refund(actor=BUYER, refund_id=refund.pk, destination="ana")
    refund = submit(refund)
    assert refund.provider_ref.startswith("po_")
    until(lambda: actions.poll_refund(actor=CRON, refund_id=refund.pk).state != "submitted")

    refund.refresh_from_db()
    assert (refund.state, refund.sequence) == ("succeeded", 2)
    assert balance("clearing") == 7900
    payout = sandbox.api.get(f"/v1/payouts/{refund.provider_ref}").json
    assert payout["destination"] == {"kind": "sandbox", "account": "ana"}
    assert payout["reference"] == f"refund-{refund.pk}-2"


def test_a_real_refund_succeeds_and_is_found_out_by_asking(sandbox: Sandbox) -> None:
    intent = started("sandbox")
    sandbox.pay(intent.provider_ref)
    actions.sync(actor=CRON, intent_id=intent.pk)
    refund = submit(refunded(intent, 5000))
    assert refund.provider_ref.startswith("re_")
    until(lambda: actions.poll_refund(actor=CRON, refund_id=refund.pk).state == "succeeded")
    assert sandbox.api.payment({"id": intent.provider_ref})["refunded"] == 5000
    assert names(intent)[-1] == "refund.succeeded"


def test_a_refusal_is_a_failure_that_is_told() -> None:
    intent = captured()
    refund = refunded(intent, 5000)
    script.refuses = "account_closed"
    assert submit(refund).state == "failed"
    assert names(intent)[-1] == "refund.failed"
    with pytest.raises(DestinationNotSupported):
        actions.retry_refund(actor=BUYER, refund_id=refund.pk, destination="elsewhere")
    script.refuses = ""
    actions.retry_refund(actor=BUYER, refund_id=refund.pk)
    assert submit(refund).state == "submitted"
    assert [order.reference for order in script.asked("refund")] == [
        f"refund-{refund.pk}-1",
        f"refund-{refund.pk}-2",
    ]


def test_only_a_failed_refund_is_asked_for_again() -> None:
    refund = refunded(captured(), 5000)
    with pytest.raises(Conflict) as refused:
        actions.retry_refund(actor=BUYER, refund_id=refund.pk)
    assert refused.value.code == "refund_not_failed"


def test_an_old_word_does_not_touch_a_new_request() -> None:
    refund = refunded(captured(), 5000)
    settle(refund, succeeded=False, failure="no")
    actions.retry_refund(actor=BUYER, refund_id=refund.pk)
    assert settle(refund, succeeded=False, sequence=1) is Outcome.STALE
    assert settle(refund, succeeded=True, sequence=1) is Outcome.CONTRADICTION
    refund.refresh_from_db()
    assert refund.state == "requested"
    assert settle(refund, succeeded=True, sequence=2) is Outcome.SETTLED
    assert settle(refund, succeeded=False, sequence=2) is Outcome.CONTRADICTION


def test_a_refund_of_another_amount_is_not_believed() -> None:
    refund = refunded(captured(), 5000)
    assert settle(refund, money=Money(4999, "CNY")) is Outcome.AMOUNT_MISMATCH
    refund.refresh_from_db()
    assert refund.state == "requested"


def test_a_provider_that_answers_at_once_needs_no_message() -> None:
    refund = refunded(captured(), 5000)
    script.refund_status = Status.SUCCEEDED
    assert submit(refund).state == "succeeded"


def test_a_refund_is_asked_about_less_and_less_often() -> None:
    refund = submit(refunded(captured(), 5000))
    pauses = []
    for _ in range(8):
        with clock.at(refund.created_at):
            refund = actions.poll_refund(actor=CRON, refund_id=refund.pk)
        assert refund.next_attempt_at is not None
        pauses.append((refund.next_attempt_at - refund.created_at).total_seconds())
    assert pauses == [30, 60, 120, 240, 480, 900, 900, 900]


def test_another_amount_in_an_answer_is_for_a_person_too(monkeypatch: pytest.MonkeyPatch) -> None:
    refund = refunded(captured(), 5000)
    less = ProviderState(
        status=Status.SUCCEEDED, provider_ref="ref", money=Money(4000, "CNY"), raw={"who": "ana"}
    )
    monkeypatch.setattr(ScriptedProvider, "refund", lambda self, order: less)
    assert submit(refund).state == "requested"
    with clock.at(clock.now() + REFUND_PROMISE):
        assert submit(refund).state == "requested"
    told = ProviderMessage.objects.get(kind="refund.succeeded")
    assert (told.outcome, told.intent_id) == (Outcome.AMOUNT_MISMATCH, refund.intent_id)
    assert (told.reference, told.payload["amount"]) == (f"refund-{refund.pk}-1", 4000)
    assert "ana" not in str(told.payload)
    assert balance("gateway", "scripted") == -12900
