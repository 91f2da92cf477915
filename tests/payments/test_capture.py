"""Money arrives: once, in full, in time, for something that can still be had; or it goes back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import OperationalError

from banyan.kernel import clock
from banyan.kernel.models import Flag, StateChange
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy, Conflict
from banyan.payments import actions
from banyan.payments.actions.capturing import NotOurs, capture_told
from banyan.payments.arrivals import _awaited, awaited
from banyan.payments.models import Attempt, Intent, Refund
from banyan.payments.problems import PaymentInReview
from banyan.payments.rules import Outcome
from tests.payments.scripted import script
from tests.payments.till import (
    BUYER,
    Placer,
    balance,
    keys,
    names,
    opened,
    started,
    told,
)

pytestmark = pytest.mark.django_db


def capture(intent: Intent, **changes: Any) -> Outcome:
    return actions.capture(actor=BUYER, intent_id=intent.pk, paid=told(intent, **changes))


def test_a_payment_is_booked_and_placed(placer: Placer) -> None:
    intent = started()

    assert capture(intent) is Outcome.CAPTURED

    intent.refresh_from_db()
    assert (intent.state, intent.captured_amount) == ("captured", 12900)
    assert placer.placed == [intent.pk]
    assert names(intent) == ["payment.captured"]
    assert keys() == [f"intent:{intent.pk}:captured"]
    assert (balance("gateway", "scripted"), balance("clearing")) == (-12900, 12900)
    assert intent.attempts.get().outcome == "captured"
    assert intent.next_check_at is None


def test_telling_it_five_times_changes_nothing_more(placer: Placer) -> None:
    intent = started()
    capture(intent)

    assert {capture(intent) for _ in range(5)} == {Outcome.ALREADY_CAPTURED}

    assert placer.placed == [intent.pk]
    assert len(keys()) == 1
    assert StateChange.objects.filter(subject_id=intent.pk, target="captured").count() == 1


def test_whoever_waits_for_a_payment_is_woken_by_its_booking_and_by_no_other(
    placer: Placer,
) -> None:
    mine, other = started(), started()

    with awaited(mine.token) as booked:
        capture(other)
        assert not booked.is_set()
        with pytest.raises(NotOurs):
            capture_told(
                actor=BUYER,
                intent=Intent(pk=mine.pk, provider="sandbox"),
                paid=told(mine),
                message=None,
            )
        assert not booked.is_set(), "nothing was booked"
        capture(mine)
        assert booked.is_set()

    assert not _awaited


@pytest.mark.parametrize(
    "money", [Money(12899, "CNY"), Money(12901, "CNY"), Money(12900, "JPY"), Money(0, "CNY")]
)
def test_another_amount_captures_nothing_and_asks_for_a_person(
    placer: Placer, money: Money, caplog: pytest.LogCaptureFixture
) -> None:
    intent = started()

    assert capture(intent, money=money) is Outcome.AMOUNT_MISMATCH

    intent.refresh_from_db()
    assert intent.state == "pending"
    assert (placer.placed, keys(), names(intent)) == ([], [], [])
    assert "arrived instead of" in caplog.text
    with pytest.raises(PaymentInReview):
        actions.start(actor=BUYER, intent_id=intent.pk, return_url="http://x", locale="en")


@pytest.mark.parametrize("state", ["expired", "cancelled"])
def test_money_for_a_closed_intent_is_booked_and_sent_back_in_full(
    placer: Placer, state: str
) -> None:
    intent = started()
    Intent.objects.filter(pk=intent.pk).update(state=state)

    assert capture(intent) is Outcome.UNPLACED

    intent.refresh_from_db()
    refund = Refund.objects.get(intent=intent)
    assert intent.state == "captured_unplaced"
    assert (refund.amount, refund.state, refund.subject_kind) == (12900, "requested", "intent")
    assert intent.refunded_amount == 12900
    assert placer.placed == []
    assert names(intent) == ["refund.requested", "payment.unplaced"]
    assert balance("clearing") == 12900


def test_the_payers_moment_decides_not_the_moment_we_hear_of_it(placer: Placer) -> None:
    in_time, late = started(minutes=15), started(minutes=15)
    with clock.at(in_time.expires_at + dt.timedelta(minutes=1)):
        just_before = in_time.expires_at - dt.timedelta(microseconds=1)
        assert capture(in_time, at=just_before) is Outcome.CAPTURED
        assert capture(late, at=late.expires_at) is Outcome.UNPLACED
    assert placer.placed == [in_time.pk]


def test_a_refusal_of_the_floor_above_undoes_its_half_and_sends_the_money_back(
    placer: Placer,
) -> None:
    def half_then_refuse(event: Any) -> None:
        Flag.objects.create(name="half-placed")
        raise Conflict(code="sold_out")

    placer.act = half_then_refuse
    intent = started()

    assert capture(intent) is Outcome.UNPLACED

    intent.refresh_from_db()
    assert (intent.state, intent.failure) == ("captured_unplaced", "sold_out")
    assert not Flag.objects.exists()
    assert "payment.captured" not in names(intent)
    assert keys() == [f"intent:{intent.pk}:captured"]
    assert Refund.objects.get(intent=intent).reason == "unplaced: sold_out"
    assert capture(intent) is Outcome.ALREADY_CAPTURED
    assert Refund.objects.count() == 1


def test_a_listener_that_fails_once_is_called_again(placer: Placer) -> None:
    def fail_once(event: Any) -> None:
        if len(placer.placed) == 1:
            raise KeyError("a fault of ours")

    placer.act = fail_once
    intent = started()

    assert capture(intent) is Outcome.CAPTURED
    assert len(placer.placed) == 2
    assert len(keys()) == 1


def test_a_listener_that_fails_twice_loses_no_money(
    placer: Placer, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Any) -> None:
        Flag.objects.create(name="half-placed")
        raise KeyError("a fault of ours")

    placer.act = fail
    intent = started()

    assert capture(intent) is Outcome.UNPLACED

    intent.refresh_from_db()
    assert (intent.state, intent.failure) == ("captured_unplaced", "handler_failed")
    assert not Flag.objects.exists()
    assert Refund.objects.get(intent=intent).amount == 12900
    assert "captured but unplaced" in caplog.text


@pytest.mark.parametrize("fault", [Busy(), OperationalError("the server went away")])
def test_what_may_pass_by_itself_changes_nothing_and_is_told_again(
    placer: Placer, fault: Exception
) -> None:
    def fail(event: Any) -> None:
        raise fault

    placer.act = fail
    intent = started()
    with pytest.raises(type(fault)):
        capture(intent)
    intent.refresh_from_db()
    assert (intent.state, keys(), Refund.objects.count()) == ("pending", [], 0)

    placer.act = lambda event: None
    assert capture(intent) is Outcome.CAPTURED


def test_a_second_payment_of_one_intent_is_kept_apart_and_sent_back(placer: Placer) -> None:
    intent = started()
    capture(intent)

    outcomes = {capture(intent, ref="another", money=Money(500, "CNY")) for _ in range(3)}

    assert outcomes == {Outcome.SECOND_PAYMENT, Outcome.ALREADY_CAPTURED}
    second = Intent.objects.get(provider_ref="another")
    assert (second.state, second.captured_amount, second.subject_id) == (
        "captured_unplaced",
        500,
        intent.subject_id,
    )
    assert Refund.objects.get().intent_id == second.pk
    assert placer.placed == [intent.pk]
    assert balance("gateway", "scripted") == -13400


def test_a_cancelled_attempt_that_was_paid_after_all_still_counts(placer: Placer) -> None:
    intent = started()
    actions.inquiry.end_attempt(
        actor=BUYER,
        intent_id=intent.pk,
        provider_ref=intent.provider_ref,
        outcome="cancelled",
        failure="buyer",
    )
    actions.start(actor=BUYER, intent_id=intent.pk, return_url="http://x/", locale="en")

    assert capture(intent) is Outcome.CAPTURED

    intent.refresh_from_db()
    assert intent.provider_ref == f"ref-pay-{intent.pk}-1"
    assert dict(Attempt.objects.values_list("number", "outcome")) == {1: "captured", 2: ""}
    actions.check_intent(actor=BUYER, intent_id=intent.pk)
    assert [charge.reference for charge in script.asked("cancel")] == [f"pay-{intent.pk}-2"]
    assert intent.attempts.get(number=2).outcome == "cancelled"


def test_an_unstarted_intent_takes_money_too(placer: Placer) -> None:
    intent = opened()
    assert capture(intent, ref="early") is Outcome.CAPTURED
