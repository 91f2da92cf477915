"""Messages of the real gateway: forged, repeated, reordered, unknown, late."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from banyan.kernel import clock
from banyan.kernel.problems import Busy
from banyan.payments.actions import notes
from banyan.payments.models import Intent, ProviderMessage, Refund
from banyan.payments.rules import FIRST_CHECK, Outcome
from tests.payments.till import (
    BUYER,
    Placer,
    balance,
    captured,
    keys,
    message,
    names,
    opened,
    post,
    refunded,
    started,
)
from tests.sandbox.driver import Hook, wait_for
from tests.support.sandbox import Receiver, Sandbox

pytestmark = pytest.mark.django_db


@pytest.fixture
def mailbox(settings: Any) -> Iterator[Receiver]:
    """Keeps what the gateway sends, so that a test can deliver it when and as it likes."""
    receiver = Receiver()
    settings.PUBLIC_URL = receiver.url.removesuffix("/hooks/sandbox")
    yield receiver
    receiver.close()


def deliver(hook: Hook, **changes: Any) -> int:
    headers = {name: hook.headers[name] for name in hook.headers if name.startswith("webhook-")}
    headers |= changes.get("headers", {})
    return int(
        Client()
        .post(
            "/pay/hook/sandbox",
            changes.get("body", hook.body),
            content_type="application/json",
            headers=headers,
        )
        .status_code
    )


def paid_hook(sandbox: Sandbox, mailbox: Receiver, intent: Intent) -> Hook:
    sandbox.pay(intent.provider_ref)
    return mailbox.wait(1)[-1]


def test_a_signed_message_captures(sandbox: Sandbox, mailbox: Receiver, placer: Placer) -> None:
    intent = started("sandbox")
    hook = paid_hook(sandbox, mailbox, intent)

    assert deliver(hook) == 200

    intent.refresh_from_db()
    assert (intent.state, placer.placed) == ("captured", [intent.pk])
    kept = ProviderMessage.objects.get()
    assert (kept.outcome, kept.kind, kept.intent_id) == (
        Outcome.CAPTURED,
        "payment.succeeded",
        intent.pk,
    )
    assert kept.handled_at is not None
    assert kept.payload["raw"]["data"]["object"]["id"] == intent.provider_ref


def test_the_same_message_five_times_is_one_capture(
    sandbox: Sandbox, mailbox: Receiver, placer: Placer
) -> None:
    intent = started("sandbox")
    hook = paid_hook(sandbox, mailbox, intent)

    assert [deliver(hook) for _ in range(5)] == [200] * 5

    assert placer.placed == [intent.pk]
    assert ProviderMessage.objects.count() == 1
    assert keys() == [f"intent:{intent.pk}:captured"]
    assert names(intent) == ["payment.captured"]


@pytest.mark.parametrize(
    "forgery",
    [
        {"headers": {"webhook-signature": "v1,AAAA"}},
        {"headers": {"webhook-signature": "nonsense"}},
        {"headers": {"webhook-signature": ""}},
        {"headers": {"webhook-id": "evt_other"}},
        {"headers": {"webhook-timestamp": "1000000000"}},
        {"headers": {"webhook-timestamp": "soon"}},
        {"body": b'{"id": "evt_1", "type": "payment.succeeded", "data": {}}'},
        {"body": b"\xff\xfe"},
    ],
)
def test_a_forged_message_leaves_no_row(
    sandbox: Sandbox, mailbox: Receiver, placer: Placer, forgery: dict[str, Any]
) -> None:
    intent = started("sandbox")
    hook = paid_hook(sandbox, mailbox, intent)

    assert deliver(hook, **forgery) == 401

    assert not ProviderMessage.objects.exists()
    assert Intent.objects.get(pk=intent.pk).state == "pending"
    assert placer.placed == []


def test_another_gateways_secret_is_a_forgery(
    sandbox: Sandbox, mailbox: Receiver, settings: Any
) -> None:
    hook = paid_hook(sandbox, mailbox, started("sandbox"))
    settings.SANDBOX_SECRET = "whsec_b3RoZXItc2VjcmV0LW9mLXRoaXJ0eS10d28tYnl0ZXM="
    assert deliver(hook) == 401


def test_a_payment_we_do_not_know_is_kept_for_a_person(
    sandbox: Sandbox, mailbox: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    stray = sandbox.api.paid(mailbox.url, reference="not-ours")
    hook = mailbox.wait(1)[0]

    assert deliver(hook) == 200

    kept = ProviderMessage.objects.get()
    assert (kept.outcome, kept.intent, kept.provider_ref) == (
        Outcome.UNKNOWN_REFERENCE,
        None,
        stray["id"],
    )
    assert "needs a person" in caplog.text


def test_a_reference_of_another_providers_payment_is_unknown(placer: Placer) -> None:
    intent = started("scripted")
    other = opened("wallet")
    body = message(intent) | {"reference": f"pay-{other.pk}-1"}
    assert post(body).status_code == 200
    assert ProviderMessage.objects.get().outcome == Outcome.UNKNOWN_REFERENCE
    assert placer.placed == []


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        ("payment.succeeded", "refund-{}-1"),
        ("refund.succeeded", "pay-{}-1"),
        ("refund.succeeded", "refund-{}-1"),
        ("payout.paid", "payout-{}-1"),
        ("payout.paid", "pay-{}-1"),
        ("payment.succeeded", "anything"),
    ],
)
def test_a_reference_of_another_kind_of_thing_is_unknown(
    placer: Placer, kind: str, reference: str
) -> None:
    intent = started()
    told = message(intent, kind, reference=reference.format(intent.pk), provider_ref="else")
    assert post(told).status_code == 200
    assert ProviderMessage.objects.get().outcome == Outcome.UNKNOWN_REFERENCE
    assert (placer.placed, keys()) == ([], [])


def test_without_our_reference_the_providers_own_is_enough(placer: Placer) -> None:
    intent = started()
    assert post(message(intent, reference="")).status_code == 200
    assert placer.placed == [intent.pk]


def test_a_declined_try_fails_the_payment_and_a_later_one_captures(
    sandbox: Sandbox, mailbox: Receiver, placer: Placer
) -> None:
    intent = started("sandbox")
    sandbox.pay(intent.provider_ref, "insufficient_funds")
    declined = mailbox.wait(1)[0]
    sandbox.pay(intent.provider_ref)
    succeeded = mailbox.wait(2)[1]

    assert deliver(declined) == 200
    intent.refresh_from_db()
    assert (intent.state, intent.failure) == ("failed", "insufficient_funds")
    assert names(intent) == ["payment.failed"]

    assert deliver(succeeded) == 200
    intent.refresh_from_db()
    assert (intent.state, intent.failure, placer.placed) == ("captured", "", [intent.pk])


def test_a_decline_that_is_told_late_takes_nothing_away(
    sandbox: Sandbox, mailbox: Receiver, placer: Placer
) -> None:
    intent = started("sandbox")
    sandbox.pay(intent.provider_ref, "insufficient_funds")
    sandbox.pay(intent.provider_ref)
    declined, succeeded = sorted(mailbox.wait(2), key=lambda h: h.kind)

    deliver(succeeded)
    deliver(declined)

    intent.refresh_from_db()
    assert intent.state == "captured"
    outcomes = set(ProviderMessage.objects.values_list("outcome", flat=True))
    assert outcomes == {Outcome.CAPTURED, Outcome.STALE}


def test_a_cancel_on_the_pay_page_lets_the_buyer_start_again(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    intent = started("sandbox")
    sandbox.api.send("POST", f"/pay/{intent.provider_ref}/cancel")
    deliver(mailbox.wait(1)[0])
    intent.refresh_from_db()
    assert (intent.state, intent.failure) == ("failed", "buyer")

    from banyan.payments import actions

    url = actions.start(
        actor=BUYER, intent_id=intent.pk, return_url="http://shop.test/back", locale="en"
    )
    assert url.startswith(sandbox.url)
    assert intent.attempts.count() == 2


def test_late_money_goes_back_by_itself(
    sandbox: Sandbox, mailbox: Receiver, placer: Placer
) -> None:
    from banyan.payments import jobs

    intent = started("sandbox")
    hook = paid_hook(sandbox, mailbox, intent)
    Intent.objects.filter(pk=intent.pk).update(state="expired")

    assert deliver(hook) == 200
    jobs.run_sweep()
    for told in mailbox.wait(2)[1:]:
        deliver(told)

    refund = Refund.objects.get()
    assert (refund.state, refund.amount) == ("succeeded", 12900)
    assert placer.placed == []
    assert (balance("gateway", "sandbox"), balance("clearing")) == (0, 0)
    assert sandbox.api.payment({"id": intent.provider_ref})["refunded"] == 12900


def test_the_end_of_a_refund_may_be_told_before_the_answer_to_its_request(
    sandbox: Sandbox, mailbox: Receiver
) -> None:
    intent = captured("sandbox")
    sandbox.pay(intent.provider_ref)
    refund = refunded(intent, 5000)
    sandbox.api.refund({"id": intent.provider_ref}, 5000, f"refund-{refund.pk}-1")
    hook = next(h for h in mailbox.wait(2) if h.kind == "refund.succeeded")

    assert deliver(hook) == 200

    refund.refresh_from_db()
    assert refund.state == "succeeded"
    assert balance("clearing") == 12900 - 5000


def test_a_wrong_amount_in_a_true_message_captures_nothing(placer: Placer) -> None:
    intent = started()
    assert post(message(intent, amount=12800)).status_code == 200
    assert ProviderMessage.objects.get().outcome == Outcome.AMOUNT_MISMATCH
    assert (placer.placed, keys()) == ([], [])
    assert Intent.objects.get(pk=intent.pk).state == "pending"


def test_a_message_without_an_amount_captures_nothing(placer: Placer) -> None:
    intent = started()
    assert post(message(intent, amount=None)).status_code == 200
    assert ProviderMessage.objects.get().outcome == Outcome.AMOUNT_MISMATCH
    assert placer.placed == []


def test_a_busy_moment_keeps_the_message_and_asks_for_it_again(placer: Placer) -> None:
    from banyan.payments import jobs

    def busy(event: Any) -> None:
        raise Busy()

    placer.act = busy
    intent = started()
    assert post(message(intent)).status_code == 503
    assert ProviderMessage.objects.get().handled_at is None

    placer.act = lambda event: None
    ProviderMessage.objects.update(received_at=clock.now() - FIRST_CHECK)
    jobs.run_sweep()

    assert ProviderMessage.objects.get().outcome == Outcome.CAPTURED
    assert Intent.objects.get(pk=intent.pk).state == "captured"


def test_a_message_and_what_it_books_are_one_transaction(placer: Placer) -> None:
    """The payment's lock is first; the message has its outcome before what others wait for."""
    intent = started()
    with CaptureQueriesContext(connection) as queries:
        assert post(message(intent)).status_code == 200
    asked = [one["sql"] for one in queries if "SAVEPOINT" not in one["sql"]]
    assert "FOR NO KEY UPDATE" in asked[0]
    kept = [n for n, sql in enumerate(asked) if "INSERT INTO payments_providermessage" in sql]
    booked = [n for n, sql in enumerate(asked) if "INSERT INTO ledger_journal" in sql]
    assert len(kept) == len(booked) == 1
    assert kept < booked == [len(asked) - 1]


def test_a_message_whose_booking_failed_is_kept_without_an_outcome(
    placer: Placer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a failure at the very end, what was booked is gone and the message is not."""
    intent = started()
    kept = notes._keep

    def lost(row: ProviderMessage) -> bool:
        found = kept(row)
        if row.handled_at is not None:
            raise OperationalError("gone")
        return found

    monkeypatch.setattr(notes, "_keep", lost)
    assert post(message(intent)).status_code == 503
    row = ProviderMessage.objects.get()
    assert (row.outcome, row.handled_at, row.repeats) == ("", None, 0)
    assert Intent.objects.get(pk=intent.pk).state == "pending"

    monkeypatch.undo()
    assert post(message(intent)).status_code == 200
    row.refresh_from_db()
    assert (row.outcome, row.repeats) == (Outcome.CAPTURED, 1)


def test_a_repeated_message_keeps_the_outcome_that_it_had(placer: Placer) -> None:
    intent = started()
    for _ in range(3):
        assert post(message(intent, amount=1)).status_code == 200
    row = ProviderMessage.objects.get()
    assert (row.outcome, row.repeats) == (Outcome.AMOUNT_MISMATCH, 2)

    post(message(intent, message_id="m2"))
    for _ in range(2):
        post(message(intent, message_id="m3", provider_ref="another"))
    outcomes = dict(ProviderMessage.objects.values_list("message_id", "outcome"))
    assert outcomes["m2"] == Outcome.CAPTURED
    assert outcomes["m3"] == Outcome.SECOND_PAYMENT
    assert Refund.objects.count() == 1


def test_the_door_is_only_for_enabled_providers_and_small_messages() -> None:
    assert post({}, "nobody").status_code == 404
    assert post({}, "wallet").status_code == 401
    assert post({"pad": "x" * 300_000}).status_code == 413
    assert Client().get("/pay/hook/scripted").status_code == 405


def test_something_we_do_not_speak_of_is_kept_and_ignored() -> None:
    intent = started()
    assert post(message(intent, "other")).status_code == 200
    assert ProviderMessage.objects.get().outcome == Outcome.IGNORED


def test_a_gateway_that_repeats_itself_is_heard_once(
    sandbox: Sandbox, mailbox: Receiver, placer: Placer
) -> None:
    intent = started("sandbox")
    sandbox.pay(intent.provider_ref, "twice")
    hooks = mailbox.wait(2)
    wait_for(lambda: len(mailbox.hooks) >= 2)

    assert [deliver(hook) for hook in hooks] == [200, 200]

    assert placer.placed == [intent.pk]
    assert ProviderMessage.objects.count() == 1
