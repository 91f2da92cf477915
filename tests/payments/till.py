"""Opening, starting and counting payments in tests."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.test import Client

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.models import StoredEvent
from banyan.kernel.money import Money
from banyan.ledger.models import Account, Journal, Posting
from banyan.payments import actions, jobs
from banyan.payments.events import PaymentCaptured
from banyan.payments.models import Intent, Payout
from banyan.payments.rules import SPLIT_PATIENCE

BUYER = Actor(kind="member", id=4711)
SHOP_URL = "http://shop.test"
SUBJECT = 555


def opened(
    provider: str = "scripted",
    amount: int = 12900,
    minutes: float = 15,
    payer_id: int | None = BUYER.id,
) -> Intent:
    """Return a payment of ``amount`` fen that expires in ``minutes``."""
    intent = actions.new_intent(
        subject_kind="test",
        subject_id=SUBJECT,
        provider=provider,
        amount=Money(amount, "CNY"),
        description="B-1",
        payer_id=payer_id,
        expires_at=clock.now() + dt.timedelta(minutes=minutes),
    )
    intent.save()
    return intent


def started(provider: str = "scripted", shop_url: str = SHOP_URL, **how: Any) -> Intent:
    """Return a payment that is under way at its provider."""
    intent = opened(provider, **how)
    actions.start(
        actor=BUYER,
        intent_id=intent.pk,
        return_url=f"{shop_url}/pay/return/{intent.token}",
        locale="en",
    )
    intent.refresh_from_db()
    return intent


def told(intent: Intent, **changes: Any) -> actions.Paid:
    """Return what the provider vouches for."""
    ref = changes.get("ref", intent.provider_ref)
    money = changes.get("money", Money(intent.amount, intent.currency))
    return actions.Paid(provider_ref=ref, money=money, at=changes.get("at", clock.now()))


def captured(provider: str = "scripted", **how: Any) -> Intent:
    """Return a payment that was paid."""
    intent = started(provider, **how)
    actions.capture(actor=BUYER, intent_id=intent.pk, paid=told(intent))
    intent.refresh_from_db()
    return intent


def refunded(intent: Intent, amount: int, key: str = "r1", **how: Any) -> Any:
    """Request a refund as a higher floor does."""
    from banyan.kernel import locks

    with transaction.atomic():
        locks.take([LockKey("payment", intent.pk)])
        return actions.request_refund(
            actor=BUYER,
            intent_id=intent.pk,
            amount=amount,
            reason="broken",
            subject_kind="test",
            subject_id=SUBJECT,
            key=key,
            **how,
        )


def message(intent: Intent, kind: str = "payment.succeeded", **changes: Any) -> dict[str, Any]:
    """Return the body of an honest scripted message about a payment."""
    return {
        "honest": True,
        "message_id": "m1",
        "kind": kind,
        "reference": f"pay-{intent.pk}-1",
        "provider_ref": intent.provider_ref,
        "amount": intent.amount,
    } | changes


def post(body: dict[str, Any], provider: str = "scripted") -> Any:
    """Send a message to our webhook address."""
    return Client().post(f"/pay/hook/{provider}", json.dumps(body), content_type="application/json")


def given_up() -> None:
    """Let the time pass in which a part that is refused is sent again."""
    now = clock.now()
    waiting = Payout.objects.filter(state="requested")
    waiting.update(created_at=now - SPLIT_PATIENCE, next_attempt_at=now)
    jobs.run_sweep()


def names(intent: Intent | None = None) -> list[str]:
    """Return the names of the stored events, oldest first."""
    events = StoredEvent.objects.order_by("id")
    if intent is not None:
        events = events.filter(payload__intent_id=intent.pk)
    return list(events.values_list("name", flat=True))


def balance(kind: str, label: str = "", owner_id: int = 0) -> int:
    """Return an account's sum of postings."""
    account = Account.objects.filter(kind=kind, label=label, owner_id=owner_id).first()
    return sum(Posting.objects.filter(account=account).values_list("amount", flat=True))


def keys() -> list[str]:
    """Return the keys of all journals, oldest first."""
    return list(Journal.objects.order_by("id").values_list("key", flat=True))


class Placer:
    """Stands for a higher floor that places what was paid, inside the capture."""

    def __init__(self) -> None:
        self.placed: list[int] = []
        self.locks: Callable[[PaymentCaptured], Iterable[LockKey]] = lambda event: []
        self.act: Callable[[PaymentCaptured], None] = lambda event: None

    def handle(self, event: PaymentCaptured, actor: Actor) -> None:
        if event.subject_kind == "test":
            self.placed.append(event.intent_id)
            self.act(event)

    def keys(self, event: PaymentCaptured) -> Iterable[LockKey]:
        return self.locks(event)
