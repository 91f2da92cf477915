"""Opening, starting, giving up, expiring."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from banyan.kernel import clock
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import IllegalTransition
from banyan.kernel.states import Machine, transition
from banyan.payments import actions, jobs
from banyan.payments.models import Attempt, Intent, Payout, Refund
from banyan.payments.problems import (
    PaymentClosed,
    ProviderRefused,
    ProviderUnknown,
    ProviderUnreachable,
)
from banyan.payments.providers.base import Action, Status
from banyan.payments.states import INTENT, PAYOUT, REFUND
from tests.payments.scripted import script
from tests.payments.till import BUYER, captured, names, opened, started, told

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def start(intent: Intent) -> str:
    return actions.start(
        actor=BUYER, intent_id=intent.pk, return_url="http://shop.test/back", locale="zh-hans"
    )


def test_a_start_sends_the_payer_to_the_provider() -> None:
    intent = opened()

    assert start(intent) == "https://pay.example/"

    intent.refresh_from_db()
    assert (intent.state, intent.pay_url) == ("pending", "https://pay.example/")
    (charge, return_url, webhook_url, locale) = script.asked("start")[0]
    assert (charge.money.amount, charge.description) == (12900, "B-1")
    assert (return_url, locale) == ("http://shop.test/back", "zh-hans")
    assert webhook_url == "http://shop.test/pay/hook/scripted"


def test_starting_again_gives_the_same_page_without_asking_again() -> None:
    intent = opened()
    assert start(intent) == start(intent)
    assert len(script.asked("start")) == 1


def test_after_a_crash_the_provider_is_asked_the_very_same_again() -> None:
    intent = opened()
    script.away = True
    with pytest.raises(ProviderUnreachable):
        start(intent)
    script.away = False
    with clock.at(clock.now() + dt.timedelta(minutes=3)):
        actions.start(
            actor=BUYER, intent_id=intent.pk, return_url="http://other.test/", locale="en"
        )
    first, second = script.asked("start")
    assert first == second


def test_a_refused_start_lets_the_payer_try_anew() -> None:
    intent = opened()
    script.refuses = "limit"
    with pytest.raises(ProviderRefused):
        start(intent)
    script.refuses = ""
    start(intent)
    assert [c.reference for c, *_ in script.asked("start")] == [
        f"pay-{intent.pk}-1",
        f"pay-{intent.pk}-2",
    ]
    assert list(Attempt.objects.order_by("number").values_list("outcome", "failure")) == [
        ("refused", "limit"),
        ("", ""),
    ]


def test_a_cancelled_attempt_fails_the_payment_and_a_new_one_may_be_started() -> None:
    intent = started()
    script.status = Status.CANCELLED
    actions.sync(actor=BUYER, intent_id=intent.pk)
    intent.refresh_from_db()
    assert intent.state == "failed"
    assert names(intent) == ["payment.failed"]

    start(intent)
    intent.refresh_from_db()
    assert (intent.state, intent.provider_ref) == ("pending", f"ref-pay-{intent.pk}-2")


def test_a_code_or_a_script_is_shown_on_our_own_page() -> None:
    script.action = Action(kind="qr", url="weixin://pay/1")
    intent = opened()
    assert start(intent) == f"/pay/{intent.token}"


def test_a_paid_intent_starts_nowhere() -> None:
    intent = captured()
    assert start(intent) == "http://shop.test/back"
    assert len(script.asked("start")) == 1


def test_a_closed_intent_is_not_started() -> None:
    gone, over = opened(), opened(minutes=1)
    actions.cancel_intent(actor=BUYER, intent_id=gone.pk)
    with pytest.raises(PaymentClosed) as refused:
        start(gone)
    assert refused.value.code == "payment_closed"
    with clock.at(over.expires_at), pytest.raises(PaymentClosed):
        start(over)
    assert script.asked("start") == []


def test_an_unknown_or_disabled_provider_is_refused() -> None:
    with pytest.raises(ProviderUnknown):
        opened("nobody")
    with pytest.raises(ProviderUnknown):
        opened("wallet", payer_id=None)


def test_giving_up_is_repeatable_and_closes_the_page_at_the_provider() -> None:
    intent = started()
    for _ in range(2):
        actions.cancel_intent(actor=BUYER, intent_id=intent.pk)
    assert script.asked("cancel") == []

    actions.check_intent(actor=CRON, intent_id=intent.pk)

    intent.refresh_from_db()
    assert (intent.state, intent.next_check_at) == ("cancelled", None)
    assert intent.attempts.get().outcome == "cancelled"
    assert len(script.asked("cancel")) == 1


def test_giving_up_a_paid_payment_changes_nothing() -> None:
    intent = captured()
    assert actions.cancel_intent(actor=BUYER, intent_id=intent.pk).state == "captured"


def test_expiry_asks_first_so_that_a_payment_in_time_wins() -> None:
    intent = started(minutes=1)
    script.status = Status.SUCCEEDED
    paid_at = clock.now()
    with clock.at(intent.expires_at - dt.timedelta(seconds=1)):
        in_time = clock.now()
    assert paid_at < in_time
    with clock.at(intent.expires_at):
        # The scripted provider reports "now", which is too late: see the capture's own tests.
        actions.expire_intent(actor=CRON, intent_id=intent.pk)
    intent.refresh_from_db()
    assert intent.state == "captured_unplaced"
    assert len(script.asked("cancel")) == 1


def test_expiry_does_not_wait_for_a_provider_that_is_away() -> None:
    intent = started(minutes=1)
    script.away = True
    with clock.at(intent.expires_at):
        actions.expire_intent(actor=CRON, intent_id=intent.pk)
    intent.refresh_from_db()
    assert intent.state == "expired"
    assert intent.next_check_at is not None

    script.away = False
    actions.check_intent(actor=CRON, intent_id=intent.pk)
    intent.refresh_from_db()
    assert intent.next_check_at is None
    assert intent.attempts.get().outcome == "cancelled"


@pytest.mark.parametrize("fault", ["refuses", "is not enabled any more"])
def test_expiry_does_not_wait_for_a_provider_that_does_not_answer_any_more(
    settings: Any, fault: str
) -> None:
    intent = started(minutes=1)
    if fault == "refuses":
        script.refuses = "NO_AUTH"
    else:
        settings.PAYMENT_PROVIDERS = ["sandbox"]
    with clock.at(intent.expires_at):
        jobs.run_sweep()
    intent.refresh_from_db()
    assert intent.state == "expired"
    assert intent.next_check_at is not None


def test_expiry_before_the_time_does_nothing() -> None:
    intent = started()
    actions.expire_intent(actor=CRON, intent_id=intent.pk)
    assert Intent.objects.get(pk=intent.pk).state == "pending"


def test_the_cause_of_the_order_runs_through_everything() -> None:
    with caused_by(99):
        intent = opened()
    start(intent)
    intent.refresh_from_db()
    actions.capture(actor=BUYER, intent_id=intent.pk, paid=told(intent))
    assert set(StoredEvent.objects.values_list("cause_id", flat=True)) == {99}


def test_the_database_itself_refuses_a_refund_beyond_the_capture() -> None:
    intent = captured()
    with pytest.raises(IntegrityError), transaction.atomic():
        Intent.objects.filter(pk=intent.pk).update(refunded_amount=12901)


@pytest.mark.parametrize(
    ("machine", "model"), [(INTENT, Intent), (REFUND, Refund), (PAYOUT, Payout)]
)
def test_every_illegal_move_raises(
    machine: Machine, model: type[Intent] | type[Refund] | type[Payout]
) -> None:
    for source in machine.states:
        for target in machine.states:
            if not machine.allows(source, target):
                with pytest.raises(IllegalTransition):
                    transition(machine, model(pk=1, state=source), target, actor=CRON)
