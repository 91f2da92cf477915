"""Webhook and browser return, in both orders and at once: one capture, one placement, one journal.

Each race has its control: with the protection taken away the same race shows the fault.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client

from banyan.kernel import events, locks
from banyan.kernel.events import Event
from banyan.kernel.models import StateChange, StoredEvent
from banyan.ledger import actions as ledger
from banyan.ledger.models import Journal
from banyan.payments import actions, jobs
from banyan.payments.actions import capturing
from banyan.payments.models import Intent, ProviderMessage, Refund
from banyan.payments.problems import RefundTooLarge
from banyan.payments.providers.base import Status
from banyan.payments.rules import Outcome
from tests.payments.fixtures import placer, sandbox, sandbox_process, till_settings
from tests.payments.scripted import ScriptedProvider, script
from tests.payments.till import (
    BUYER,
    Placer,
    balance,
    captured,
    message,
    post,
    refunded,
    started,
)
from tests.sandbox.driver import wait_for
from tests.support.sandbox import Sandbox, serve_shop
from tests.support.threads import run_at_once, run_concurrently, somebody_waits
from tests.support.weakened import read_at_once, rendezvous

__all__ = ["placer", "sandbox", "sandbox_process", "till_settings"]

pytestmark = pytest.mark.usefixtures("threaded_db")


def webhook(intent: Intent) -> Callable[[], int]:
    return lambda: post(message(intent)).status_code


def browser(intent: Intent) -> Callable[[], int]:
    return lambda: Client().get(f"/pay/return/{intent.token}").status_code


def assert_captured_once(intent: Intent, placer: Placer) -> None:
    intent.refresh_from_db()
    assert (intent.state, intent.captured_amount) == ("captured", 12900)
    assert placer.placed == [intent.pk]
    assert list(Journal.objects.values_list("key", flat=True)) == [f"intent:{intent.pk}:captured"]
    assert StoredEvent.objects.filter(name="payment.captured").count() == 1
    assert StateChange.objects.filter(subject_id=intent.pk, target="captured").count() == 1
    assert balance("clearing") == 12900
    assert not Refund.objects.exists()


@pytest.mark.parametrize("order", ["webhook first", "browser first"])
def test_one_after_the_other_is_one_capture(placer: Placer, order: str) -> None:
    intent = started()
    script.status = Status.SUCCEEDED
    ways = [webhook(intent), browser(intent)]
    for way in ways if order == "webhook first" else reversed(ways):
        way()
    assert_captured_once(intent, placer)


def test_a_browser_that_returns_while_the_message_is_booked_waits_for_it_and_asks_nobody(
    placer: Placer,
) -> None:
    """Given a booking under way, the return sees its end: no question to the provider, no note."""
    intent = started()
    script.status = Status.SUCCEEDED
    booking = threading.Event()

    def act(event: Any) -> None:
        booking.set()
        wait_for(somebody_waits)

    placer.act = act

    def back() -> str:
        assert booking.wait(60)
        return Client().get(f"/pay/return/{intent.token}")["location"]

    told, _ = run_at_once(webhook(intent), back)

    assert told == 200
    assert_captured_once(intent, placer)
    assert script.asked("query") == []
    assert ProviderMessage.objects.count() == 1


def test_a_browser_that_was_first_books_and_the_message_waits_for_it(placer: Placer) -> None:
    intent = started()
    script.status = Status.SUCCEEDED
    booking = threading.Event()

    def act(event: Any) -> None:
        booking.set()
        wait_for(somebody_waits)

    placer.act = act

    def late() -> int:
        assert booking.wait(60)
        return webhook(intent)()

    assert run_at_once(browser(intent), late) == [302, 200]

    assert_captured_once(intent, placer)
    outcomes = dict(ProviderMessage.objects.values_list("message_id", "outcome"))
    assert outcomes == {
        f"asked:{intent.provider_ref}:succeeded": Outcome.CAPTURED,
        "m1": Outcome.ALREADY_CAPTURED,
    }


def test_a_booking_that_takes_too_long_sends_the_payer_to_the_waiting_page(
    placer: Placer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "TIMEOUT_MS", 150)
    intent = started()
    booking, gone = threading.Event(), threading.Event()

    def act(event: Any) -> None:
        booking.set()
        assert gone.wait(10)

    placer.act = act

    def back() -> str:
        assert booking.wait(60)
        try:
            return Client().get(f"/pay/return/{intent.token}")["location"]
        finally:
            gone.set()

    told, onward = run_at_once(webhook(intent), back)

    assert (told, onward) == (200, f"/pay/{intent.token}?back=1")
    assert_captured_once(intent, placer)


def test_burned_05_webhook_browser_and_cron_at_once_are_one_capture(placer: Placer) -> None:
    placer.act = lambda event: time.sleep(0.05)
    intent = started()
    script.status = Status.SUCCEEDED

    answers = run_at_once(
        *[webhook(intent)] * 3,
        *[browser(intent)] * 3,
        *[lambda: actions.check_intent(actor=BUYER, intent_id=intent.pk).state] * 2,
    )

    assert answers == [200] * 3 + [302] * 3 + ["captured"] * 2
    assert_captured_once(intent, placer)


def _move_without_looking(
    machine: Any, obj: Any, to: str, *, actor: Any, reason: str = "", **updates: Any
) -> None:
    type(obj).objects.filter(pk=obj.pk).update(state=to, **updates)


def _move_telling_without_looking(
    machine: Any, obj: Any, to: str, *, event: Event, actor: Any, **updates: Any
) -> None:
    _move_without_looking(machine, obj, to, actor=actor, **updates)
    events.emit(event, actor=actor)


def _without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "take", lambda keys: None)
    monkeypatch.setattr(locks, "locked_by_statement", lambda keys: None)
    monkeypatch.setattr(locks, "take_reading", lambda kind, row: row.refresh_from_db())
    monkeypatch.setattr(locks, "read_behind", read_at_once)


def test_burned_05_control_without_lock_and_condition_it_is_placed_more_than_once(
    placer: Placer, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured()  # makes the accounts: who does would hold the others up without any lock of ours
    _without_locks(monkeypatch)
    monkeypatch.setattr(capturing, "transition_telling", _move_telling_without_looking)
    monkeypatch.setattr(ledger, "post", lambda **row: None)
    came, two = itertools.count(1), threading.Event()

    def until_two(*_args: Any, **_how: Any) -> None:
        if next(came) == 2:
            two.set()
        two.wait(60)

    monkeypatch.setattr(capturing, "capture_attempt", until_two)
    intent = started_plainly()
    script.status = Status.SUCCEEDED

    run_at_once(webhook(intent), browser(intent), browser(intent))

    assert placer.placed.count(intent.pk) > 1


def started_plainly() -> Intent:
    """Return a payment under way, made without the actions whose protection is off."""
    from banyan.payments.models import Attempt
    from tests.payments.till import opened

    intent = opened()
    ref = f"ref-pay-{intent.pk}-1"
    Attempt.objects.create(
        intent=intent,
        number=1,
        provider_ref=ref,
        action={"kind": "redirect", "url": "/"},
        started_at=intent.created_at,
    )
    Intent.objects.filter(pk=intent.pk).update(state="pending", provider_ref=ref)
    intent.refresh_from_db()
    return intent


def test_the_lock_alone_taken_away_still_books_once(
    placer: Placer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second line of defence: conditional move and journal key."""
    intent = started()
    script.status = Status.SUCCEEDED
    _without_locks(monkeypatch)
    placer.act = lambda event: time.sleep(0.1)
    run_at_once(webhook(intent), browser(intent), browser(intent))
    assert_captured_once(intent, placer)


@pytest.mark.parametrize("round_", range(5))
def test_giving_up_and_paying_at_once_is_one_or_the_other(placer: Placer, round_: int) -> None:
    intent = started()
    run_at_once(webhook(intent), lambda: actions.cancel_intent(actor=BUYER, intent_id=intent.pk))
    intent.refresh_from_db()
    assert (intent.state, len(placer.placed), Refund.objects.count()) in {
        ("captured", 1, 0),
        ("captured_unplaced", 0, 1),
    }


def test_many_refunds_at_once_never_exceed_the_capture() -> None:
    intent = captured()
    number = iter(range(100))

    def ask() -> Refund:
        key = f"r{next(number)}"
        refund: Refund = refunded(intent, 3000, key)
        return refund

    results = run_concurrently(ask, 8)

    assert sum(isinstance(r, Refund) for r in results) == 4
    assert sum(isinstance(r, RefundTooLarge) for r in results) == 4
    assert Intent.objects.get(pk=intent.pk).refunded_amount == 12000


def test_control_without_the_condition_refunds_exceed_what_was_checked() -> None:
    """Read, then write: every asker sees the same amount left."""
    intent = captured()
    given: list[int] = []
    together = rendezvous(3)

    def ask_naively() -> None:
        with transaction.atomic():
            left = Intent.objects.get(pk=intent.pk)
            room = left.captured_amount - left.refunded_amount
            together()
            if room >= 9000:
                Intent.objects.filter(pk=intent.pk).update(
                    refunded_amount=left.refunded_amount + 9000
                )
                given.append(9000)

    run_concurrently(ask_naively, 3)
    assert sum(given) > intent.captured_amount


def test_two_workers_send_a_refund_once() -> None:
    refund = refunded(captured(), 5000)
    run_concurrently(lambda: actions.submit_refund(actor=BUYER, refund_id=refund.pk), 6)
    assert len(script.asked("refund")) == 1
    refund.refresh_from_db()
    assert refund.state == "submitted"


def test_a_double_click_opens_one_payment() -> None:
    from tests.payments.till import opened

    intent = opened()

    def click() -> str:
        return actions.start(actor=BUYER, intent_id=intent.pk, return_url="http://x/", locale="en")

    assert set(run_concurrently(click, 6)) == {"https://pay.example/"}
    assert intent.attempts.count() == 1
    assert {charge.reference for charge, *_ in script.asked("start")} == {f"pay-{intent.pk}-1"}


@contextlib.contextmanager
def shop_for(sandbox: Sandbox, settings: Any) -> Iterator[str]:
    with serve_shop() as url:
        settings.PUBLIC_URL = url
        settings.ALLOWED_HOSTS = ["*"]
        yield url


@pytest.mark.parametrize("outcome", ["success", "twice", "before_redirect", "never"])
def test_over_real_http_the_gateways_every_habit_is_one_capture(
    sandbox: Sandbox, settings: Any, placer: Placer, outcome: str
) -> None:
    with shop_for(sandbox, settings) as url:
        intent = started("sandbox", shop_url=url)
        back = sandbox.pay(intent.provider_ref, outcome)
        Client().get(back.removeprefix(url))
        if outcome != "never":
            hooks = ProviderMessage.objects.filter(message_id__startswith="evt_")
            wait_for(lambda: hooks.exclude(handled_at=None).count() == 1)
        wait_for(lambda: all_delivered(sandbox, intent, outcome))
    assert_captured_once(intent, placer)


def all_delivered(sandbox: Sandbox, intent: Intent, outcome: str) -> bool:
    """Tell whether the gateway has sent everything that it will send."""
    told = sandbox.api.get("/v1/events?limit=500").json["data"]
    ours = [e for e in told if e["data"]["object"]["id"] == intent.provider_ref]
    states = [delivery["state"] for event in ours for delivery in event["deliveries"]]
    done = {"never": [], "twice": ["delivered"] * 2}.get(outcome, ["delivered"])
    return [state for state in states if state != "dropped"] == done


_KILLED = """
import os, signal, sys
import django
django.setup()
from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.payments import actions
from banyan.payments.events import PaymentCaptured

def die(event, actor):
    os.kill(os.getpid(), signal.SIGKILL)

events.in_transaction(PaymentCaptured, locks=lambda event: [])(die)
actions.sync(actor=Actor.guest(), intent_id=int(sys.argv[1]))
"""


def test_killed_between_the_gateways_capture_and_our_commit_the_cron_heals(
    sandbox: Sandbox, placer: Placer
) -> None:
    intent = started("sandbox")
    sandbox.pay(intent.provider_ref, "never")
    database = connection.settings_dict
    query = urlencode(
        {"host": database["HOST"], "port": database["PORT"], "user": database["USER"]}
    )
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(intent.pk)],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ
        | {"DATABASE_URL": f"postgresql:///{database['NAME']}?{query}"}
        | sandbox.settings,
        check=False,
        timeout=60,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    intent.refresh_from_db()
    assert intent.state == "pending"
    assert not Journal.objects.exists()

    Intent.objects.filter(pk=intent.pk).update(next_check_at=intent.created_at)
    jobs.run_sweep()

    assert_captured_once(intent, placer)


def test_a_click_that_is_refused_does_not_close_what_another_was_given() -> None:
    """One of two calls for the same attempt is refused: the payment that exists stays known."""
    from banyan.payments.problems import ProviderRefused
    from tests.payments.till import opened

    intent = opened()
    under_way, let_in = threading.Event(), threading.Event()
    given = ScriptedProvider.start
    calls = iter(range(10))

    def start(self: ScriptedProvider, charge: Any, **how: Any) -> Any:
        if next(calls) == 0:
            started_ = given(self, charge, **how)
            under_way.set()
            assert let_in.wait(60)
            return started_
        raise ProviderRefused("idempotency_key_reused")

    def click() -> str:
        return actions.start(actor=BUYER, intent_id=intent.pk, return_url="http://x/", locale="en")

    def second() -> str:
        assert under_way.wait(60)
        try:
            return click()
        finally:
            let_in.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptedProvider, "start", start)
        first, refused = run_at_once(click, second)

    assert first == "https://pay.example/"
    assert isinstance(refused, ProviderRefused)
    attempt = intent.attempts.get()
    assert (attempt.outcome, attempt.provider_ref) == ("", f"ref-pay-{intent.pk}-1")
    script.status = Status.SUCCEEDED
    assert actions.sync(actor=BUYER, intent_id=intent.pk).state == "captured"
