"""What only a test may do here: play the payer, the bank and the post.

``POST /control/<name>`` with a JSON object; the answer is JSON.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
import urllib.request
from collections.abc import Callable
from typing import Any

from . import disputes, objects
from .api import thing
from .connect import account
from .money import collected, settled
from .store import Store, Thing


def pay(store: Store, given: dict[str, Any]) -> Thing:
    """Pay a session. ``outcome``: paid, declined (try again), processing (a slow way to pay).

    ``amount`` and ``currency`` replace what was asked; ``at`` is the payer's moment; ``status`` is
    what becomes of the session.
    """
    session = thing(store, "checkout.session", given["session"])
    assert session["status"] == "open", session["status"]
    payment = _payment_of(store, session)
    session["amount_total"] = payment["amount"] = given.get("amount", payment["amount"])
    session["currency"] = payment["currency"] = given.get("currency", payment["currency"])
    outcome = given.get("outcome", "paid")
    if outcome == "declined":
        _declined(store, payment)
        return session
    session["status"] = given.get("status", "complete")
    session["customer_details"] = {"email": "buyer@example.com", "name": "Jenny Rosen"}
    if outcome == "processing":
        payment["status"] = "processing"
    else:
        collected(store, session, payment, at=given.get("at"))
    objects.event(store, "checkout.session.completed", session)
    return session


def settle(store: Store, given: dict[str, Any]) -> Thing:
    """Bring a slow payment to its end: ``outcome`` succeeded or failed.

    https://docs.stripe.com/payments/checkout/fulfill-orders#delayed-notification
    """
    session = thing(store, "checkout.session", given["session"])
    payment = _payment_of(store, session)
    if given["outcome"] == "succeeded":
        collected(store, session, payment, at=None)
    else:
        _declined(store, payment)
    objects.event(store, f"checkout.session.async_payment_{given['outcome']}", session)
    return session


def refund(store: Store, given: dict[str, Any]) -> Thing:
    """Bring a refund to its end: ``outcome`` succeeded, failed or canceled."""
    found = thing(store, "refund", given["refund"])
    settled(store, found, given["outcome"], given.get("reason", "unknown"))
    return found


def dispute(store: Store, given: dict[str, Any]) -> Thing:
    """Dispute the payment of a session, as the payer's bank does, and withdraw its money.

    ``amount`` is a part of it, ``inquiry`` asks first and withdraws nothing, ``currency`` names
    another one than was paid.
    """
    session = thing(store, "checkout.session", given["session"])
    paid = store.things[_payment_of(store, session)["latest_charge"]]
    inquiry = given.get("inquiry", False)
    status = "warning_needs_response" if inquiry else "needs_response"
    amount = given["amount"] if "amount" in given else paid["amount"]
    made = objects.dispute(store, paid, amount=amount, status=status)
    made["currency"] = given.get("currency", made["currency"])
    if not inquiry:
        disputes.withdraw(store, made)
    objects.event(store, "charge.dispute.created", made)
    if not inquiry:
        objects.event(store, "charge.dispute.funds_withdrawn", made)
    return made


def dispute_goes_on(store: Store, given: dict[str, Any]) -> Thing:
    """Bring a dispute to another ``status``; won gives its money back, an inquiry may take it."""
    found = thing(store, "dispute", given["dispute"])
    disputes.go_on(store, found, given["status"])
    return found


def announce(store: Store, given: dict[str, Any]) -> Thing:
    """Write an event of any type about any object."""
    return objects.event(store, given["type"], given["object"])


def behave(store: Store, given: dict[str, Any]) -> Thing:
    """Change ``refunds``, ``transfers``, ``faults``, ``webhook``, ``largest_page``, and so on."""
    known = ("refunds", "transfers", "faults", "webhook", "largest_page", "copies_metadata")
    for name, value in given.items():
        assert name in known, name
        setattr(store, name, value)
    return {}


def sign(store: Store, given: dict[str, Any]) -> Thing:
    """Return an event as it is sent: its body and header.

    ``age``: seconds since it was signed; ``secrets``: sign with all of these.
    """
    body = json.dumps(store.events[given["event"]], indent=2)
    at = store.now() - given.get("age", 0)
    return {"body": body, "header": signature(body, at, given.get("secrets") or [store.secret])}


def deliver(store: Store, given: dict[str, Any]) -> list[int]:
    """Send events to the endpoint in the given order; the answers' statuses."""
    statuses = []
    for ref in given["events"]:
        sent = sign(store, {**given, "event": ref})
        request = urllib.request.Request(
            store.webhook,
            data=sent["body"].encode(),
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": sent["header"],
                "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
            },
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            statuses.append(answer.status)
    return statuses


def state(store: Store, given: dict[str, Any]) -> Thing:
    """Return everything: objects, events, requests, and whose modules are loaded here."""
    return {
        "things": list(store.things.values()),
        "events": list(store.events.values()),
        "requests": store.requests,
        "modules": sorted({name.partition(".")[0] for name in sys.modules}),
    }


def forget_keys(store: Store, given: dict[str, Any]) -> Thing:
    """Drop the idempotency keys, as happens "after they're at least 24 hours old"."""
    store.answers.clear()
    return {}


def reset(store: Store, given: dict[str, Any]) -> Thing:
    """Begin anew."""
    store.reset()
    return {}


def signature(body: str, at: int, secrets: list[str]) -> str:
    """Return the header of https://docs.stripe.com/webhooks#verify-manually."""
    signed = f"{at}.{body}".encode()
    macs = [hmac.new(one.encode(), signed, hashlib.sha256).hexdigest() for one in secrets]
    # The published example carries a v0 as well, which receivers must not take for a v1.
    return ",".join([f"t={at}", *(f"v1={mac}" for mac in macs), f"v0={'0' * 64}"])


def _payment_of(store: Store, session: Thing) -> Thing:
    if session["payment_intent"] is None:
        data = store.plans[session["id"]]
        made = objects.payment_intent(
            store, amount=session["amount_total"], currency=session["currency"], data=data
        )
        session["payment_intent"] = made["id"]
    return store.things[session["payment_intent"]]


def _declined(store: Store, payment: Thing) -> None:
    """https://docs.stripe.com/api/payment_intents/object#payment_intent_object-last_payment_error"""
    payment["status"] = "requires_payment_method"
    payment["last_payment_error"] = {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
    }
    objects.charge(store, payment, status="failed", at=None)
    objects.event(store, "payment_intent.payment_failed", payment)


_VERBS = (
    *(pay, settle, refund, dispute, dispute_goes_on, announce, behave, sign, deliver, state),
    *(forget_keys, reset, account),
)
COMMANDS: dict[str, Callable[[Store, dict[str, Any]], Any]] = {
    verb.__name__: verb for verb in _VERBS
}
