"""The objects, with those fields of their published pages that matter here.

Each docstring names the page that its fields are read from.
"""

from __future__ import annotations

import copy
from typing import Any

from .store import VERSION, Store, Thing, new_id


def session(store: Store, fields: dict[str, Any], *, amount: int, currency: str) -> Thing:
    """Make a Checkout Session; its PaymentIntent comes when the payer pays.

    Fields: https://docs.stripe.com/api/checkout/sessions/object; ``ui_mode``:
    https://docs.stripe.com/changelog/dahlia/2026-03-25/updates-available-checkout-session-ui-modes;
    ``allowed_payment_method_types``:
    https://docs.stripe.com/changelog/endive/2026-09-30/remove-payment-method-types-checkout-sessions;
    ``payment_intent``:
    https://docs.stripe.com/changelog/2022-08-01/deferred-paymentintent-checkout-session
    """
    ref = new_id("cs_test_", 58)
    return store.add(
        {
            "id": ref,
            "object": "checkout.session",
            "adaptive_pricing": {"enabled": fields["adaptive_pricing"]},
            "allowed_payment_method_types": fields["methods"] or None,
            "amount_subtotal": amount,
            "amount_total": amount,
            "cancel_url": fields["cancel_url"],
            "client_reference_id": fields["client_reference_id"],
            "created": store.now(),
            "currency": currency,
            "customer": None,
            "customer_details": None,
            "expires_at": fields["expires_at"],
            "livemode": False,
            "locale": fields["locale"],
            "metadata": fields["metadata"],
            "mode": "payment",
            "payment_intent": None,
            "payment_method_types": fields["methods"] or ["card", "link"],
            "payment_status": "unpaid",
            "status": "open",
            "success_url": fields["success_url"],
            "ui_mode": "hosted_page",
            "url": f"https://checkout.stripe.com/c/pay/{ref}",
        }
    )


def payment_intent(store: Store, *, amount: int, currency: str, data: dict[str, Any]) -> Thing:
    """Make a PaymentIntent that nobody has paid.

    Fields: https://docs.stripe.com/api/payment_intents/object
    """
    return store.add(
        {
            "id": new_id("pi_"),
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic",
            "created": store.now(),
            "currency": currency,
            "customer": None,
            "description": data.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": data.get("metadata") or {},
            "status": "requires_payment_method",
        }
    )


def charge(store: Store, payment: Thing, *, status: str, at: int | None) -> Thing:
    """Make the charge of a try; the metadata of the PaymentIntent is copied onto it.

    Fields: https://docs.stripe.com/api/charges/object; the copy:
    https://docs.stripe.com/metadata
    """
    made = store.add(
        {
            "id": new_id("ch_"),
            "object": "charge",
            "amount": payment["amount"],
            "amount_captured": payment["amount"] if status == "succeeded" else 0,
            "amount_refunded": 0,
            "balance_transaction": None,
            "captured": status == "succeeded",
            "created": at or store.now(),
            "currency": payment["currency"],
            "disputed": False,
            "failure_code": None,
            "livemode": False,
            "metadata": dict(payment["metadata"]) if store.copies_metadata else {},
            "paid": status == "succeeded",
            "payment_intent": payment["id"],
            "refunded": False,
            "status": status,
        }
    )
    payment["latest_charge"] = made["id"]
    return made


def refund(store: Store, paid: Thing, *, amount: int, metadata: dict[str, str]) -> Thing:
    """Make a refund of a charge, as yet on its way.

    Fields: https://docs.stripe.com/api/refunds/object
    """
    return store.add(
        {
            "id": new_id("re_"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": paid["id"],
            "created": store.now(),
            "currency": paid["currency"],
            "metadata": metadata,
            "payment_intent": paid["payment_intent"],
            "reason": None,
            "receipt_number": None,
            "status": "pending",
        }
    )


def dispute(store: Store, paid: Thing, *, amount: int, status: str) -> Thing:
    """Make a dispute of a charge. Fields: https://docs.stripe.com/api/disputes/object."""
    paid["disputed"] = True
    return store.add(
        {
            "id": new_id("du_"),
            "object": "dispute",
            "amount": amount,
            "balance_transactions": [],
            "charge": paid["id"],
            "created": store.now(),
            "currency": paid["currency"],
            "evidence_details": {
                "due_by": store.now() + 9 * 86_400,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": status.startswith("warning_"),
            "livemode": False,
            "metadata": {},
            "payment_intent": paid["payment_intent"],
            "reason": "fraudulent",
            "status": status,
        }
    )


def booked(
    store: Store, source: Thing, *, kind: str, category: str, amount: int, fee: int = 0
) -> Thing:
    """Move money on the account's balance for ``source``.

    Fields: https://docs.stripe.com/api/balance_transactions/object; ``reporting_category``:
    https://docs.stripe.com/reports/reporting-categories
    """
    made = store.add(
        {
            "id": new_id("txn_"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": store.now() + 2 * 86_400,
            "balance_type": "payments",
            "created": source["created"],
            "currency": source["currency"],
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [],
            "net": amount - fee,
            "reporting_category": category,
            "source": source["id"],
            "status": "pending",
            "type": kind,
        }
    )
    return made


def event(store: Store, kind: str, thing: Thing) -> Thing:
    """Write down that something happened; the object is kept as it was at that moment.

    Fields: https://docs.stripe.com/api/events/object
    """
    made: Thing = {
        "id": new_id("evt_"),
        "object": "event",
        "api_version": VERSION,
        "created": store.now(),
        "data": {"object": _snapshot(thing)},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": kind,
    }
    store.events[made["id"]] = made
    return made


def _snapshot(thing: Thing) -> Thing:
    return copy.deepcopy(thing)
