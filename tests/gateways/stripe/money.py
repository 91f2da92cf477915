"""How payments and refunds come to their end, and what that writes on the balance."""

from __future__ import annotations

from . import objects
from .store import Store, Thing


def fee_of(amount: int) -> int:
    """Return an invented fee: 2.9 % and 30 of the smallest unit."""
    return amount * 29 // 1000 + 30


def settled(store: Store, refund: Thing, status: str, reason: str = "unknown") -> None:
    """Bring a refund to ``succeeded``, ``failed`` or ``canceled``.

    https://docs.stripe.com/refunds#failed-refunds: one that fails, even after it had succeeded,
    puts the money back on the balance.
    """
    refund["status"] = status
    if status == "succeeded":
        objects.event(store, "refund.updated", refund)
        return
    refund["failure_reason"] = reason
    back = objects.booked(
        store, refund, kind="refund_failure", category="refund_failure", amount=refund["amount"]
    )
    refund["failure_balance_transaction"] = back["id"]
    paid = store.things[refund["charge"]]
    paid["amount_refunded"] -= refund["amount"]
    paid["refunded"] = False
    objects.event(store, "refund.updated", refund)
    objects.event(store, "refund.failed", refund)


def collected(store: Store, session: Thing, payment: Thing, *, at: int | None) -> None:
    """Let a payment succeed: charge, balance, PaymentIntent, session; then the events."""
    paid = objects.charge(store, payment, status="succeeded", at=at)
    moved = objects.booked(
        store,
        paid,
        kind="charge",
        category="charge",
        amount=paid["amount"],
        fee=fee_of(paid["amount"]),
    )
    paid["balance_transaction"] = moved["id"]
    payment |= {"status": "succeeded", "amount_received": paid["amount"]}
    objects.event(store, "charge.succeeded", paid)
    objects.event(store, "payment_intent.succeeded", payment)
    session["payment_status"] = "paid"
