"""Two payers of one purchase at the same instant: one is captured, the other gets it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from banyan.kernel.actors import Actor
from banyan.ledger import actions as ledger
from banyan.ledger.proof import verify
from banyan.payments import actions
from banyan.payments.actions import capturing
from banyan.payments.models import Attempt, Intent, Refund
from tests.payments.fixtures import placer, till_settings
from tests.payments.scripted import script
from tests.payments.till import Placer, captured, message, post, started
from tests.support.threads import run_at_once
from tests.support.weakened import read_at_once, rendezvous

__all__ = ["placer", "till_settings"]

pytestmark = pytest.mark.usefixtures("threaded_db")


def two_under_way() -> tuple[Intent, str]:
    """Return a payment that the buyer and a friend by the link are about to pay."""
    intent = started()
    code = actions.open_link(actor=Actor.guest(), intent=intent)
    friend = Client(headers={"origin": "http://testserver"})
    assert friend.post(f"/pay/link/{code}/go").status_code == 302
    assert sorted(intent.attempts.values_list("lane", flat=True)) == ["", "link"]
    return intent, code


def told_of(intent: Intent, number: int) -> Callable[[], int]:
    body = message(
        intent,
        message_id=f"m{number}",
        reference=f"pay-{intent.pk}-{number}",
        provider_ref=f"ref-pay-{intent.pk}-{number}",
    )
    return lambda: int(post(body).status_code)


@pytest.mark.parametrize("round_", range(4))
def test_two_payers_at_once_are_one_capture_and_one_refund(placer: Placer, round_: int) -> None:
    intent, _ = two_under_way()

    assert run_at_once(told_of(intent, 1), told_of(intent, 2)) == [200, 200]

    intent.refresh_from_db()
    assert (intent.state, intent.refunded_amount) == ("captured", 0)
    assert placer.placed == [intent.pk]
    second = Intent.objects.exclude(pk=intent.pk).get()
    assert (second.state, second.refunded_amount) == ("captured_unplaced", intent.amount)
    assert second.provider_ref != intent.provider_ref
    assert Refund.objects.get().intent_id == second.pk
    assert verify().clean


def test_control_without_the_lock_both_are_placed(
    placer: Placer, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured()  # makes the accounts: who does would hold the others up without any lock of ours
    intent, _ = two_under_way()

    def move_without_looking(machine: Any, row: Any, to: str, *, event: Any, **more: Any) -> None:
        placer.handle(event, more["actor"])
        row.state = to

    from banyan.kernel import locks

    monkeypatch.setattr(locks, "take_reading", lambda kind, row: row.refresh_from_db())
    monkeypatch.setattr(locks, "take", lambda *keys: None)
    monkeypatch.setattr(locks, "locked_by_statement", lambda keys: None)
    monkeypatch.setattr(locks, "read_behind", read_at_once)
    monkeypatch.setattr(capturing, "transition_telling", move_without_looking)
    monkeypatch.setattr(ledger, "post", lambda **row: None)
    monkeypatch.setattr(capturing, "capture_attempt", rendezvous(2))

    run_at_once(told_of(intent, 1), told_of(intent, 2))

    assert placer.placed.count(intent.pk) > 1


def test_pay_pressed_in_two_browsers_at_once_opens_one_attempt(placer: Placer) -> None:
    intent = started()
    code = actions.open_link(actor=Actor.guest(), intent=intent)

    def press() -> str:
        friend = Client(headers={"origin": "http://testserver"})
        return str(friend.post(f"/pay/link/{code}/go")["location"])

    assert set(run_at_once(press, press, press)) == {"https://pay.example/"}
    assert Attempt.objects.filter(intent=intent, lane="link").count() == 1
    references = {charge.reference for charge, *_ in script.asked("start")}
    assert references == {f"pay-{intent.pk}-1", f"pay-{intent.pk}-2"}


def test_two_that_ask_for_the_link_get_the_same(placer: Placer) -> None:
    intent = started()

    def ask() -> str:
        found = Intent.objects.get(pk=intent.pk)
        return actions.open_link(actor=Actor.guest(), intent=found)

    assert len(set(run_at_once(ask, ask, ask, ask))) == 1
