"""Payments through Stripe: told, asked for, repeated, reordered, wrong, late, and never told."""

from __future__ import annotations

import datetime as dt
import json
import socket
from typing import Any

import pytest
from django.test import Client

from banyan.kernel import clock
from banyan.payments import actions, jobs
from banyan.payments.models import Intent, ProviderMessage, Refund
from banyan.payments.problems import ProviderRefused, ProviderUnreachable
from banyan.payments.providers.stripe import StripeProvider
from banyan.payments.providers.transport import HttpClient, Reply
from banyan.payments.rules import Outcome
from tests.payments.stripe.gateway import Gateway, post
from tests.payments.till import BUYER, Placer, balance, keys, names, opened, started
from tests.sandbox.driver import Receiver

pytestmark = pytest.mark.usefixtures("books", "gateway")

SESSIONS = "/v1/checkout/sessions"
COMPLETED = "checkout.session.completed"


def state_of(intent: Intent) -> str:
    intent.refresh_from_db()
    return intent.state


def outcomes() -> list[str]:
    return list(ProviderMessage.objects.order_by("id").values_list("outcome", flat=True))


def come_back(intent: Intent) -> Any:
    return Client().get(f"/pay/return/{intent.token}")


def age(intent: Intent) -> None:
    """Let the time to pay be over."""
    Intent.objects.filter(pk=intent.pk).update(expires_at=clock.now() - dt.timedelta(minutes=1))


def test_the_payer_is_sent_to_a_hosted_page(gateway: Gateway) -> None:
    intent = started("stripe")
    [session] = gateway.things("checkout.session")
    assert (intent.provider_ref, intent.pay_url) == (session["id"], session["url"])
    assert intent.pay_url.startswith("https://checkout.stripe.com/")
    assert (session["amount_total"], session["currency"]) == (12900, "cny")
    assert session["client_reference_id"] == f"pay-{intent.pk}-1"
    [asked] = gateway.requests(SESSIONS)
    assert asked["key"] == f"pay-{intent.pk}-1"
    assert asked["version"] == "2026-10-28.endive"


def test_starting_twice_opens_one_session(gateway: Gateway) -> None:
    intent = started("stripe")
    intent.attempts.update(provider_ref="", action={})  # our answer was lost on the way
    url = actions.start(
        actor=BUYER,
        intent_id=intent.pk,
        return_url=f"http://shop.test/pay/return/{intent.token}",
        locale="en",
    )
    assert url == intent.pay_url
    assert len(gateway.things("checkout.session")) == 1
    assert len(gateway.requests(SESSIONS)) == 2


def test_the_session_outlives_a_short_reservation_and_is_closed_by_us(gateway: Gateway) -> None:
    intent = started("stripe", minutes=15)
    [session] = gateway.things("checkout.session")
    assert session["expires_at"] == int((intent.expires_at + dt.timedelta(minutes=31)).timestamp())

    age(intent)
    jobs.run_sweep()
    actions.expire_intent(actor=BUYER, intent_id=intent.pk)

    assert state_of(intent) == "expired"
    assert gateway.things("checkout.session")[0]["status"] == "expired"
    assert gateway.tell("checkout.session.expired") == 200
    assert outcomes()[-1] == Outcome.STALE


def test_a_long_reservation_ends_within_a_day(gateway: Gateway) -> None:
    intent = started("stripe", minutes=60 * 24 * 7)
    [session] = gateway.things("checkout.session")
    assert session["expires_at"] < intent.created_at.timestamp() + 24 * 3600


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("en", "en"), ("zh-hans", "zh"), ("zh-hant", "zh-TW"), ("zh-hk", "zh-HK"), ("de", "auto")],
)
def test_the_page_speaks_the_payers_language(gateway: Gateway, ours: str, theirs: str) -> None:
    intent = opened("stripe")
    actions.start(actor=BUYER, intent_id=intent.pk, return_url="http://shop.test/b", locale=ours)
    assert gateway.things("checkout.session")[0]["locale"] == theirs


def test_paid_and_told(gateway: Gateway, placer: Placer) -> None:
    intent = started("stripe")
    gateway.pay(intent)

    assert gateway.tell(COMPLETED) == 200

    assert (state_of(intent), placer.placed) == ("captured", [intent.pk])
    assert balance("gateway", "stripe") == -12900
    kept = ProviderMessage.objects.get()
    assert (kept.outcome, kept.intent_id) == (Outcome.CAPTURED, intent.pk)
    assert "buyer@example.com" not in str(kept.payload)  # nothing of the payer that we do not need


def test_paid_and_never_told(gateway: Gateway, placer: Placer) -> None:
    intent = started("stripe")
    gateway.pay(intent)

    assert come_back(intent).status_code == 302

    assert (state_of(intent), placer.placed) == ("captured", [intent.pk])


def test_paid_told_and_asked_in_any_order_is_one_capture(gateway: Gateway, placer: Placer) -> None:
    intent = started("stripe")
    gateway.pay(intent)
    for _ in range(3):
        assert gateway.tell(COMPLETED) == 200
        come_back(intent)
    gateway.tell_all()  # charge.succeeded, payment_intent.succeeded, and the session once more

    assert placer.placed == [intent.pk]
    assert keys() == [f"intent:{intent.pk}:captured"]
    assert names(intent) == ["payment.captured"]


def test_told_before_the_start_was_answered(
    gateway: Gateway, placer: Placer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = StripeProvider.start

    def slow(self: StripeProvider, *args: Any, **kwargs: Any) -> Any:
        answer = asked(self, *args, **kwargs)
        gateway.control("pay", session=answer.provider_ref)
        assert gateway.tell(COMPLETED) == 200
        return answer

    monkeypatch.setattr(StripeProvider, "start", slow)
    intent = started("stripe")

    assert (state_of(intent), placer.placed) == ("captured", [intent.pk])
    come_back(intent)
    assert keys() == [f"intent:{intent.pk}:captured"]


def test_a_declined_card_may_be_followed_by_a_good_one(gateway: Gateway, placer: Placer) -> None:
    intent = started("stripe")
    gateway.pay(intent, "declined")
    assert gateway.tell("payment_intent.payment_failed") == 200
    assert (state_of(intent), intent.failure) == ("failed", "insufficient_funds")

    gateway.pay(intent)
    gateway.tell(COMPLETED)
    gateway.tell("payment_intent.payment_failed")  # once more, and too late
    assert (state_of(intent), placer.placed) == ("captured", [intent.pk])


def test_a_decline_told_after_the_success_takes_nothing_away(gateway: Gateway) -> None:
    intent = started("stripe")
    gateway.pay(intent, "declined")
    gateway.pay(intent)
    gateway.tell(COMPLETED)
    gateway.tell("payment_intent.payment_failed")
    assert state_of(intent) == "captured"
    assert outcomes() == [Outcome.CAPTURED, Outcome.STALE]


@pytest.mark.parametrize("asked", [False, True])
def test_a_slow_way_to_pay_waits_for_its_end(gateway: Gateway, placer: Placer, asked: bool) -> None:
    intent = started("stripe")
    gateway.pay(intent, "processing")
    gateway.tell(COMPLETED)
    come_back(intent)
    assert (state_of(intent), placer.placed) == ("pending", [])

    gateway.control("settle", session=intent.provider_ref, outcome="succeeded")
    if asked:
        come_back(intent)
    else:
        gateway.tell("checkout.session.async_payment_succeeded")
    assert (state_of(intent), placer.placed) == ("captured", [intent.pk])


@pytest.mark.parametrize("asked", [False, True])
def test_a_slow_way_to_pay_that_fails_lets_the_payer_begin_again(
    gateway: Gateway, asked: bool
) -> None:
    intent = started("stripe")
    gateway.pay(intent, "processing")
    gateway.control("settle", session=intent.provider_ref, outcome="failed")
    if asked:
        come_back(intent)
    else:
        gateway.tell("checkout.session.async_payment_failed")
    assert state_of(intent) == "failed"

    url = actions.start(actor=BUYER, intent_id=intent.pk, return_url="http://x.test", locale="en")
    assert url == gateway.things("checkout.session")[1]["url"]


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    "wrong", [{"amount": 12800}, {"amount": 13000}, {"currency": "usd"}, {"currency": "jpy"}]
)
def test_another_amount_or_currency_captures_nothing(
    gateway: Gateway,
    placer: Placer,
    caplog: pytest.LogCaptureFixture,
    wrong: dict[str, Any],
    told: bool,
) -> None:
    intent = started("stripe")
    gateway.pay(intent, **wrong)

    if told:
        assert gateway.tell(COMPLETED) == 200
    else:
        come_back(intent)

    assert outcomes() == [Outcome.AMOUNT_MISMATCH]
    assert (state_of(intent), placer.placed, keys()) == ("pending", [], [])
    assert "needs a person" in caplog.text


def test_an_amount_that_no_book_of_ours_can_hold_is_refused_and_logged(
    gateway: Gateway, placer: Placer, caplog: pytest.LogCaptureFixture
) -> None:
    intent = started("stripe")
    gateway.pay(intent, currency="ugx")
    gateway.tell(COMPLETED)
    assert outcomes() == [Outcome.AMOUNT_MISMATCH]
    come_back(intent)
    assert (placer.placed, keys()) == ([], [])
    assert "our books cannot hold" in caplog.text


def test_late_money_goes_back_by_itself(gateway: Gateway, placer: Placer) -> None:
    intent = started("stripe")
    gateway.control("behave", faults=[503])
    age(intent)
    actions.expire_intent(actor=BUYER, intent_id=intent.pk)  # Stripe could not be told
    assert state_of(intent) == "expired"

    gateway.pay(intent)
    assert gateway.tell(COMPLETED) == 200
    assert state_of(intent) == "captured_unplaced"
    jobs.run_sweep()
    gateway.tell_all()

    refund = Refund.objects.get()
    assert (refund.state, refund.amount) == ("succeeded", 12900)
    assert placer.placed == []
    assert (balance("gateway", "stripe"), balance("clearing")) == (0, 0)
    assert gateway.things("charge")[0]["amount_refunded"] == 12900


@pytest.mark.parametrize(("ago", "state"), [(300, "captured"), (30, "captured_unplaced")])
def test_the_payers_moment_counts_and_not_that_of_the_event(
    gateway: Gateway, placer: Placer, ago: int, state: str
) -> None:
    """Given a time to pay that was over a minute ago, and an event that Stripe writes now."""
    intent = started("stripe")
    gateway.pay(intent, at=int(clock.now().timestamp()) - ago)
    age(intent)
    intent.refresh_from_db()
    [session] = gateway.things("checkout.session")
    session["expires_at"] = int((intent.expires_at + dt.timedelta(minutes=31)).timestamp())
    gateway.control("announce", type=COMPLETED, object=session)

    assert gateway.tell(COMPLETED) == 200

    assert state_of(intent) == state
    assert placer.placed == ([intent.pk] if state == "captured" else [])


def test_a_payment_near_its_end_is_told_again_where_stripe_cannot_say_when_it_was_made(
    gateway: Gateway,
) -> None:
    intent = started("stripe")
    gateway.pay(intent)
    [session] = gateway.things("checkout.session")
    session["expires_at"] = session["created"]
    gateway.control("announce", type=COMPLETED, object=session)
    sent = gateway.signed(gateway.events(COMPLETED)[-1])
    gateway.control("behave", faults=[503])
    assert [post(*sent), post(*sent)] == [503, 200]
    assert state_of(intent) == "captured"


def test_paid_in_time_wins_over_an_expiry_that_comes_first(
    gateway: Gateway, placer: Placer
) -> None:
    intent = started("stripe")
    gateway.pay(intent, at=int(clock.now().timestamp()) - 300)
    age(intent)

    actions.expire_intent(actor=BUYER, intent_id=intent.pk)

    assert (state_of(intent), placer.placed) == ("captured", [intent.pk])


def test_a_slow_payment_that_outlives_the_reservation_is_asked_again_and_refunded(
    gateway: Gateway, placer: Placer
) -> None:
    intent = started("stripe")
    gateway.pay(intent, "processing")
    age(intent)
    actions.expire_intent(actor=BUYER, intent_id=intent.pk)
    assert state_of(intent) == "expired"
    assert intent.attempts.get().outcome == ""

    gateway.control("settle", session=intent.provider_ref, outcome="succeeded")
    actions.check_intent(actor=BUYER, intent_id=intent.pk)
    assert (state_of(intent), placer.placed) == ("captured_unplaced", [])
    assert Refund.objects.get().amount == 12900


def test_a_gateway_that_is_away_is_unreachable_and_asked_again(gateway: Gateway) -> None:
    for status in (500, 429):
        gateway.control("behave", faults=[status])
        with pytest.raises(ProviderUnreachable):
            started("stripe")
    assert gateway.things("checkout.session") == []


def test_no_answer_at_all_is_unreachable(settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.STRIPE_URL = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(ProviderUnreachable):
        started("stripe")


def test_a_session_of_another_account_holds_nothing_for_ever(gateway: Gateway) -> None:
    intent = started("stripe")
    gateway.control("reset")  # as when test keys give way to live ones
    age(intent)
    actions.expire_intent(actor=BUYER, intent_id=intent.pk)
    assert state_of(intent) == "expired"
    attempt = intent.attempts.get()
    assert (attempt.outcome, attempt.failure) == ("cancelled", "resource_missing")


def test_a_key_that_is_being_worked_on_is_tried_again(gateway: Gateway) -> None:
    gateway.control("behave", faults=[409])
    assert started("stripe").state == "pending"
    gateway.control("behave", faults=[409] * 3)
    with pytest.raises(ProviderUnreachable):
        started("stripe")


def test_a_key_that_is_not_accepted_waits_for_the_operator(
    gateway: Gateway, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_another"
    with pytest.raises(ProviderUnreachable):
        started("stripe")
    assert "does not accept BANYAN_STRIPE_SECRET_KEY" in caplog.text
    assert "sk_test_another" not in caplog.text


def test_a_refusal_keeps_stripes_own_code(gateway: Gateway) -> None:
    with pytest.raises(ProviderRefused) as refused:
        started("stripe", amount=10)
    assert refused.value.reason == "amount_too_small"


def test_a_cancelled_payment_is_closed_there(gateway: Gateway) -> None:
    intent = started("stripe")
    actions.cancel_intent(actor=BUYER, intent_id=intent.pk)
    jobs.run_sweep()
    assert gateway.things("checkout.session")[0]["status"] == "expired"
    assert intent.attempts.get().outcome == "cancelled"


def test_a_second_payment_is_booked_by_itself_and_goes_back(
    gateway: Gateway, placer: Placer
) -> None:
    first = started("stripe")
    first.attempts.update(outcome="cancelled")
    Intent.objects.filter(pk=first.pk).update(state="failed")
    actions.start(actor=BUYER, intent_id=first.pk, return_url="http://shop.test/b", locale="en")
    for session in gateway.things("checkout.session"):
        gateway.control("pay", session=session["id"])
        assert gateway.tell(COMPLETED) == 200
    assert outcomes() == [Outcome.CAPTURED, Outcome.SECOND_PAYMENT]
    assert placer.placed == [first.pk]

    jobs.run_sweep()
    assert Refund.objects.get().state == "succeeded"
    assert (balance("gateway", "stripe"), balance("clearing")) == (-12900, 12900)


def test_an_answer_without_a_body_is_asked_for_again(gateway: Gateway) -> None:
    gateway.control("behave", faults=[200])
    with pytest.raises(ProviderUnreachable):
        started("stripe")


def test_money_counts_whatever_became_of_the_page(gateway: Gateway, placer: Placer) -> None:
    intent = started("stripe")
    gateway.pay(intent, status="expired")  # paid in the very moment in which it was closed
    come_back(intent)
    assert (state_of(intent), placer.placed) == ("captured", [intent.pk])


def test_events_are_sent_over_http_as_stripe_sends_them(gateway: Gateway, placer: Placer) -> None:
    intent = started("stripe")
    gateway.pay(intent)
    receiver = Receiver()
    try:
        gateway.control("behave", webhook=receiver.url)
        event = gateway.events(COMPLETED)[0]
        assert gateway.control("deliver", events=[event, event]) == [204, 204]
        for hook in receiver.wait(2):
            assert post(hook.body, hook.headers["stripe-signature"]) == 200
    finally:
        receiver.close()
    assert placer.placed == [intent.pk]


@pytest.mark.parametrize("said", [{"ok": True}, {"id": "cs_1", "payment_intent": "pi_1"}])
def test_an_answer_of_another_shape_decides_nothing_and_holds_nothing_for_ever(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    intent = started("stripe")
    strange = Reply(200, {}, json.dumps(said).encode())
    monkeypatch.setattr(HttpClient, "send", lambda *args, **how: strange)
    with pytest.raises(ProviderUnreachable):
        started("stripe")
    with pytest.raises(ProviderUnreachable):
        actions.sync(actor=BUYER, intent_id=intent.pk)
    age(intent)
    actions.expire_intent(actor=BUYER, intent_id=intent.pk)
    assert state_of(intent) == "expired"
