"""Closed-loop credit: spent by its owner, at once, never below zero, given back as credit."""

from __future__ import annotations

import pytest

from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, Forbidden, Invalid
from banyan.payments import actions, jobs, queries
from banyan.payments.models import Intent, ProviderMessage
from banyan.payments.rules import Outcome
from tests.payments.till import BUYER, Placer, balance, keys, names, opened, refunded

pytestmark = pytest.mark.django_db
CRON = Actor.system("test")


def give(amount: int, key: str = "gift") -> None:
    assert BUYER.id is not None
    actions.issue_credit(
        actor=CRON, account_id=BUYER.id, amount=Money(amount, "CNY"), key=key, reason="gift"
    )


def credit() -> int:
    return queries.wallet_balance(account_id=BUYER.id or 0, currency="CNY").amount


def pay(intent: Intent, actor: Actor = BUYER) -> str:
    return actions.start(actor=actor, intent_id=intent.pk, return_url="/back", locale="en")


def test_credit_pays_at_once(placer: Placer) -> None:
    give(20000)
    intent = opened("wallet")

    assert pay(intent) == "/back"

    intent.refresh_from_db()
    assert (intent.state, placer.placed, credit()) == ("captured", [intent.pk], 7100)
    assert (balance("wallet", owner_id=BUYER.id or 0), balance("clearing")) == (7100, 12900)
    assert keys() == ["credit:gift", f"intent:{intent.pk}:captured"]
    assert ProviderMessage.objects.get().outcome == Outcome.CAPTURED


def test_too_little_credit_is_a_decline_that_takes_nothing(placer: Placer) -> None:
    give(12899)
    intent = opened("wallet")
    pay(intent)
    intent.refresh_from_db()
    assert (intent.state, intent.failure, credit()) == ("failed", "insufficient_balance", 12899)
    assert placer.placed == []
    assert names(intent) == ["payment.failed"]

    give(1, "more")
    jobs.run_sweep()
    assert Intent.objects.get(pk=intent.pk).state == "failed", "nobody asked again"
    pay(intent)
    assert Intent.objects.get(pk=intent.pk).state == "captured"
    assert credit() == 0


def test_credit_is_not_taken_for_what_cannot_be_had(placer: Placer) -> None:
    def refuse(event: object) -> None:
        raise Conflict(code="sold_out")

    placer.act = refuse
    give(20000)
    intent = opened("wallet")
    pay(intent)
    intent.refresh_from_db()
    assert (intent.state, intent.failure, credit()) == ("failed", "sold_out", 20000)
    assert keys() == ["credit:gift"]


def test_nobody_spends_anothers_credit() -> None:
    give(20000)
    intent = opened("wallet")
    for stranger in (Actor(kind="member", id=1), Actor.guest(), CRON):
        with pytest.raises(Forbidden):
            pay(intent, stranger)
    assert credit() == 20000


def test_a_refund_is_credit_again() -> None:
    give(20000)
    intent = opened("wallet")
    pay(intent)
    refund = refunded(intent, 5000)
    assert actions.submit_refund(actor=CRON, refund_id=refund.pk).state == "succeeded"
    assert credit() == 12100
    assert balance("clearing") == 7900


def test_credit_is_given_by_finance_staff_once_per_key() -> None:
    finance = Actor(kind="staff", id=9, roles=frozenset({"finance"}))
    for _ in range(2):
        actions.issue_credit(
            actor=finance, account_id=5, amount=Money(100, "CNY"), key="k", reason="sorry"
        )
    assert balance("wallet", owner_id=5) == 100
    for stranger in (BUYER, Actor(kind="staff", id=9, roles=frozenset({"support"}))):
        with pytest.raises(Forbidden):
            actions.issue_credit(
                actor=stranger, account_id=5, amount=Money(1, "CNY"), key="x", reason=""
            )
    with pytest.raises(Invalid):
        actions.issue_credit(
            actor=finance, account_id=5, amount=Money(0, "CNY"), key="z", reason=""
        )
