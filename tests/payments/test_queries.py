"""What pages read: the story of a payment, the search, the ways to pay."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.insights.waiting import payments_waiting
from banyan.kernel.actors import Actor
from banyan.kernel.models import AuditEntry
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict, NotFound
from banyan.payments import access, actions, queries
from banyan.payments.models import ProviderMessage
from banyan.payments.providers.base import Status
from tests.payments.scripted import script
from tests.payments.till import (
    BUYER,
    SUBJECT,
    captured,
    message,
    post,
    refunded,
    started,
)

pytestmark = pytest.mark.django_db
SUPPORT = Actor(kind="staff", id=1, roles=frozenset({"support"}))


def test_the_story_tells_everything_in_order(django_assert_num_queries: Any) -> None:
    intent = started()
    post(message(intent, "payment.failed", failure="card_declined", message_id="m0"))
    post(message(intent))
    refund = refunded(intent, 5000)
    script.refund_status = Status.SUCCEEDED
    actions.submit_refund(actor=SUPPORT, refund_id=refund.pk)

    with django_assert_num_queries(4):
        told = queries.story([intent])

    assert [(m.kind, m.what) for m in told if m.kind in ("payment", "refund")] == [
        ("payment", "pending"),
        ("payment", "failed"),
        ("payment", "captured"),
        ("refund", "requested"),
        ("refund", "succeeded"),
    ]
    assert [(m.what, m.detail) for m in told if m.kind == "message"] == [
        ("payment.failed", "declined"),
        ("payment.succeeded", "captured"),
    ]
    assert [m.ref for m in told if m.kind == "attempt"] == [intent.provider_ref]
    assert [m.at for m in told] == sorted(m.at for m in told)


def test_the_story_costs_the_same_for_many(django_assert_num_queries: Any) -> None:
    for number in range(10):
        refunded(captured(), 100, f"r{number}")
    intents = queries.intents_of("test", SUBJECT)
    with django_assert_num_queries(4):
        assert len(queries.story(intents)) > 40


def test_a_providers_reference_finds_what_it_names() -> None:
    intent = started()
    script.status = Status.CANCELLED
    actions.sync(actor=BUYER, intent_id=intent.pk)
    actions.start(actor=BUYER, intent_id=intent.pk, return_url="http://x/", locale="en")
    script.status = Status.SUCCEEDED
    actions.sync(actor=BUYER, intent_id=intent.pk)
    refund = refunded(intent, 100)
    actions.submit_refund(actor=BUYER, refund_id=refund.pk)

    for number in (1, 2):
        found = queries.find_by_reference(f" ref-pay-{intent.pk}-{number} ")
        assert [(f.kind, f.id, f.subject_id) for f in found] == [("payment", intent.pk, SUBJECT)]
    found = queries.find_by_reference(f"ref-refund-{refund.pk}-1")
    assert [(f.kind, f.intent_id) for f in found] == [("refund", intent.pk)]
    assert queries.find_by_reference("") == queries.find_by_reference("nope") == []


def test_what_a_person_has_looked_into_waits_no_more() -> None:
    """Given an unexpected amount: the desk counts it until somebody says what came of it."""
    post(message(started(), amount=1))
    kept = ProviderMessage.objects.get()
    assert payments_waiting().messages == 1

    for nobody in (BUYER, Actor(kind="staff", id=1, roles=frozenset({"moderation"}))):
        with pytest.raises(NotFound):
            actions.look_at_message(actor=nobody, message_id=kept.pk, reason="mine")
    assert payments_waiting().messages == 1
    actions.look_at_message(actor=SUPPORT, message_id=kept.pk, reason="Paid back by hand.")

    assert payments_waiting().messages == 0
    entry = AuditEntry.objects.get(action="payments.look_at")
    assert (entry.subject_id, entry.reason) == (kept.pk, "Paid back by hand.")
    with pytest.raises(Conflict) as again:
        actions.look_at_message(actor=SUPPORT, message_id=kept.pk, reason="again")
    assert again.value.code == "message_needs_nobody"


def test_what_needs_nobody_is_not_looked_into() -> None:
    intent = started()
    post(message(intent))
    told = ProviderMessage.objects.get()
    with pytest.raises(Conflict):
        actions.look_at_message(actor=SUPPORT, message_id=told.pk, reason="why not")
    told.refresh_from_db()
    assert told.looked_at is None


def test_the_ways_to_pay_fit_the_payer() -> None:
    price = Money(12900, "CNY")

    def names(account_id: int | None) -> list[str]:
        found = queries.methods_for(amount=price, account_id=account_id)
        return [method.provider for method in found]

    assert names(None) == names(BUYER.id) == ["sandbox", "scripted"]
    actions.issue_credit(
        actor=Actor.system("test"), account_id=BUYER.id or 0, amount=price, key="g", reason=""
    )
    assert names(BUYER.id) == ["sandbox", "wallet", "scripted"]
    assert names(None) == ["sandbox", "scripted"]


def test_only_the_payer_and_staff_see_a_payment() -> None:
    intent = captured()
    refund = refunded(intent, 100)
    for allowed in (BUYER, SUPPORT):
        assert access.get_refund_for(allowed, refund.pk) == refund
    for stranger in (Actor.guest(), Actor(kind="member", id=1), Actor(kind="staff", id=2)):
        with pytest.raises(NotFound):
            access.get_refund_for(stranger, refund.pk)
    assert access.get_intent_by_token(intent.token) == intent
