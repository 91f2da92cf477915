"""What nobody told us is found out, with growing pauses; the out-tray is emptied."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from banyan.kernel import clock, events
from banyan.kernel.ids import new_ids
from banyan.payments import jobs
from banyan.payments.events import PayoutRequested, RefundRequested
from banyan.payments.models import Intent, Payout, Refund
from banyan.payments.providers.base import Status
from banyan.payments.rules import check_delay, try_delay
from tests.payments.scripted import script
from tests.payments.test_payouts import requested as payout_requested
from tests.payments.till import Placer, captured, opened, refunded, started
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def after(seconds: float) -> dt.datetime:
    return clock.now() + dt.timedelta(seconds=seconds)


def test_a_payment_whose_message_never_comes_is_found_out(sandbox: Sandbox, placer: Placer) -> None:
    intent = started("sandbox")
    sandbox.pay(intent.provider_ref, "never")
    with clock.at(after(29)):
        assert jobs.run_sweep()["intents"] == 0
    with clock.at(after(31)):
        assert jobs.run_sweep()["intents"] == 1
    assert Intent.objects.get(pk=intent.pk).state == "captured"
    assert placer.placed == [intent.pk]


def test_an_unpaid_payment_is_asked_about_with_growing_pauses_and_then_expires() -> None:
    intent = started(minutes=15)
    begin = clock.now()
    asked = []
    for second in range(0, 960, 5):
        before = len(script.asked("query")) + len(script.asked("cancel"))
        with clock.at(begin + dt.timedelta(seconds=second)):
            jobs.run_sweep()
        if len(script.asked("query")) + len(script.asked("cancel")) > before:
            asked.append(second)
    pauses = [b - a for a, b in itertools.pairwise(asked)]
    assert pauses[:-1] == sorted(pauses[:-1])
    assert len(asked) <= 8
    intent.refresh_from_db()
    assert (intent.state, intent.next_check_at) == ("expired", None)
    assert len(script.asked("cancel")) == 1


def test_a_payment_that_was_never_started_expires_too() -> None:
    intent = opened(minutes=1)
    with clock.at(intent.expires_at):
        jobs.run_sweep()
    intent.refresh_from_db()
    assert (intent.state, intent.next_check_at) == ("expired", None)


def test_what_its_provider_could_not_close_at_its_time_is_closed_soon() -> None:
    """Given a payment that was asked about for so long that the pauses are long by now."""
    intent = started(minutes=15)
    begin = clock.now()
    for second in range(0, 890, 10):
        with clock.at(begin + dt.timedelta(seconds=second)):
            jobs.run_sweep()
    script.away = True
    with clock.at(intent.expires_at):
        jobs.run_sweep()
    script.away = False

    with clock.at(intent.expires_at + dt.timedelta(seconds=31)):
        jobs.run_sweep()

    intent.refresh_from_db()
    assert (intent.state, intent.next_check_at) == ("expired", None)
    assert intent.attempts.get().outcome == "cancelled"


def test_two_sweeps_do_not_ask_twice() -> None:
    started()
    with clock.at(after(31)):
        due = list(jobs._due_intents())
        again = list(jobs._due_intents())
    assert (len(due), again) == (1, [])


def test_one_that_fails_does_not_stop_the_others(
    placer: Placer, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = started(), started()
    Intent.objects.filter(pk=first.pk).update(provider="gone")
    script.status = Status.SUCCEEDED
    with clock.at(after(31)):
        jobs.run_sweep()
    assert placer.placed == [second.pk]


def test_the_sweep_sends_and_asks_for_refunds_and_payouts() -> None:
    refunded(captured(), 5000)
    payout_requested()
    assert jobs.run_sweep() | {"intents": 0} == {
        "left_over": 0,
        "intents": 0,
        "refunds_out": 1,
        "refunds_asked": 0,
        "payouts_out": 1,
        "payouts_asked": 0,
        "returns_out": 0,
        "returns_asked": 0,
        "chargebacks": 0,
        "heard": 0,
        "requests": 0,
        "messages": 0,
    }
    script.refund_status = Status.SUCCEEDED
    with clock.at(after(31)):
        done = jobs.run_sweep()
    assert (done["refunds_asked"], done["payouts_asked"]) == (1, 1)
    assert (Refund.objects.get().state, Payout.objects.get().state) == ("succeeded", "paid")


def test_the_relay_only_queues_the_sending() -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    refund = refunded(captured(), 5000)
    handlers = events.consumers["payments.out"]["refund.requested"]
    meta = events.Meta(1, 1, clock.now(), None, "system", None)
    for handler in handlers:
        handler(
            RefundRequested(
                refund_id=refund.pk,
                intent_id=refund.intent_id,
                subject_kind="test",
                subject_id=1,
                amount=5000,
                currency="CNY",
            ),
            meta,
        )
    assert script.asked("refund") == []
    job = ProcrastinateJob.objects.get(task_name="payments.submit_refund")
    jobs.submit_refund.func(**job.args)
    assert len(script.asked("refund")) == 1


def test_what_goes_out_to_providers_takes_few_threads_however_much_it_is() -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    meta = events.Meta(1, 1, clock.now(), None, "system", None)
    for number in new_ids(12):
        refund = RefundRequested(
            refund_id=number,
            intent_id=1,
            subject_kind="test",
            subject_id=1,
            amount=5000,
            currency="CNY",
        )
        payout = PayoutRequested(
            payout_id=number, subject_kind="test", subject_id=1, amount=5000, currency="CNY"
        )
        for one in (refund, payout):
            for handler in events.consumers["payments.out"][one.name]:
                handler(one, meta)

    locks = list(ProcrastinateJob.objects.values_list("lock", flat=True))
    assert len(locks) == 24
    assert set(locks) <= {"payments.out.0", "payments.out.1"}


def test_a_provider_that_lets_us_wait_keeps_nothing_from_its_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    intents = [started(minutes=15) for _n in range(2)]
    refund = refunded(captured(), 5000)
    now = iter(itertools.count(0.0, 6.0))  # each look at the clock finds six seconds gone
    monkeypatch.setattr("banyan.payments.jobs.monotonic", lambda: next(now))
    due = Intent.objects.get(pk=intents[1].pk).next_check_at
    with clock.at(after(31)):
        done = jobs.run_sweep(turn=0)
        assert (done["intents"], done["refunds_out"]) == (1, 0)
        assert Intent.objects.get(pk=intents[1].pk).next_check_at == due, "it is not claimed"
        assert jobs.run_sweep(turn=1)["refunds_out"] == 1
    refund.refresh_from_db()
    assert refund.state != "requested"


def test_pauses_grow_and_are_bounded() -> None:
    checks = [check_delay(n) for n in range(40)]
    tries = [try_delay(n) for n in range(40)]
    for pauses in (checks, tries):
        assert pauses == sorted(pauses)
    assert (checks[0], checks[-1]) == (dt.timedelta(seconds=30), dt.timedelta(minutes=15))
    assert (tries[0], tries[-1]) == (dt.timedelta(seconds=5), dt.timedelta(hours=1))
