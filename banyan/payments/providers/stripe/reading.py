"""What Stripe's objects and events say, in the platform's terms. No calls."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Mapping
from typing import Any

from banyan.kernel.money import Money

from ...payers import mark
from ..base import BankMove, ChargebackState, Kind, Message, ProviderState, Status
from .amounts import from_stripe
from .signing import opened

logger = logging.getLogger(__name__)

Thing = Mapping[str, Any]

# https://docs.stripe.com/refunds: "canceled" is money that never left.
_REFUND = {
    "pending": Status.PENDING,
    "requires_action": Status.PENDING,
    "succeeded": Status.SUCCEEDED,
    "failed": Status.FAILED,
    "canceled": Status.FAILED,
}
# What is kept of an object: no name, address or card of the payer.
_KEPT = (
    "amount",
    "amount_received",
    "amount_total",
    "charge",
    "client_reference_id",
    "created",
    "currency",
    "expires_at",
    "failure_reason",
    "id",
    "latest_charge",
    "livemode",
    "metadata",
    "object",
    "payment_intent",
    "payment_status",
    "reason",
    "status",
)


def moment(seconds: int | None) -> dt.datetime | None:
    """Return a time of Stripe's, which counts seconds since 1970."""
    return None if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)


def session_state(session: Thing) -> ProviderState:
    """Read a Checkout Session whose ``payment_intent.latest_charge`` is expanded.

    https://docs.stripe.com/api/checkout/sessions/object and
    https://docs.stripe.com/api/payment_intents/object
    """
    payment: Thing = session["payment_intent"] or {}
    charge: Thing = payment.get("latest_charge") or {}
    status, failure = _status(session, payment)
    money, at = None, None
    if status == Status.SUCCEEDED:
        amount = payment.get("amount_received", session["amount_total"])
        money = _money(amount, payment.get("currency", session["currency"]))
        at = moment(charge.get("created"))
        if money is None:
            status = Status.PENDING  # no end that we could book: it stays open, and logged
    return ProviderState(
        status=status,
        provider_ref=session["id"],
        money=money,
        at=at,
        failure=failure,
        payer=_payer(charge),
        raw=_kept(session) | {"payment_intent": _kept(payment)},
    )


def _status(session: Thing, payment: Thing) -> tuple[Status, str]:
    if session["payment_status"] == "paid" or payment.get("status") == "succeeded":
        return Status.SUCCEEDED, ""  # before all else: money counts, whatever became of the page
    if session["status"] == "expired":
        return Status.CANCELLED, "expired"
    if session["status"] == "open":
        return Status.PENDING, ""
    if payment.get("status") == "canceled":
        return Status.CANCELLED, str(payment.get("cancellation_reason") or "canceled")
    if payment.get("status") == "requires_payment_method":
        return Status.FAILED, _declined(payment)
    return Status.PENDING, ""  # a slow way to pay, still on its way


def refund_state(refund: Thing) -> ProviderState:
    """Read a refund (https://docs.stripe.com/api/refunds/object)."""
    status = _REFUND.get(refund["status"], Status.PENDING)
    return ProviderState(
        status=status,
        provider_ref=refund["id"],
        money=_money(refund["amount"], refund["currency"]),
        at=moment(refund["created"]) if status != Status.PENDING else None,
        failure=_refund_failure(refund) if status == Status.FAILED else "",
        raw=_kept(refund),
    )


# https://docs.stripe.com/api/disputes/object: an inquiry ("warning_") takes no money.
_DISPUTE = {
    "warning_needs_response": "inquiry",
    "warning_under_review": "inquiry",
    "warning_closed": "closed",
    "needs_response": "needs_response",
    "under_review": "under_review",
    "won": "won",
    "lost": "lost",
    "prevented": "closed",
    "charge_refunded": "closed",
}


def chargeback_state(dispute: Thing, *, payment_ref: str) -> ChargebackState:
    """Read a dispute (https://docs.stripe.com/api/disputes/object) of one of our payments.

    A status that nobody has told us of counts as one that is under review.
    """
    return ChargebackState(
        provider_ref=dispute["id"],
        payment_ref=payment_ref,
        state=_DISPUTE.get(dispute["status"], "under_review"),
        money=_money(dispute["amount"], dispute["currency"]),
        reason=str(dispute["reason"]),
        due_by=moment((dispute.get("evidence_details") or {}).get("due_by")),
        opened_at=dt.datetime.fromtimestamp(dispute["created"], dt.UTC),
        moves=[
            move
            for entry in dispute["balance_transactions"]
            if (move := bank_move(entry, dispute)) is not None
        ],
    )


def bank_move(entry: Thing, dispute: Thing) -> BankMove | None:
    """Read one balance transaction of a dispute; None for an amount that our books cannot hold.

    https://docs.stripe.com/api/balance_transactions/object: the amount is negative where money was
    withdrawn. Where the account is kept in another currency than the payment, the bank takes the
    disputed amount as a whole.
    """
    same = entry["currency"] == dispute["currency"]
    amount = entry["amount"] if same else dispute["amount"] * (1 if entry["amount"] > 0 else -1)
    taken = _money(-amount, dispute["currency"])
    if taken is None:
        return None
    return BankMove(
        ref=entry["id"],
        taken=taken,
        fee=_money(entry["fee"], entry["currency"]),
        at=dt.datetime.fromtimestamp(entry["created"], dt.UTC),
    )


def message(event: Thing, *, live: bool) -> Message:
    """Read a verified event (https://docs.stripe.com/api/events/types); KeyError for a bad shape.

    ``live``: whether our key is a live one. An event of the other kind, or one that says nothing
    about money of ours, is ``OTHER``.
    """
    thing: Thing = event["data"]["object"]
    if bool(event["livemode"]) != live:
        logger.error("Stripe event %s is ignored: test and live are mixed", event["id"])
        return _message(event, thing, Kind.OTHER)
    family, _, what = str(event["type"]).rpartition(".")
    if family == "checkout.session":
        return _about_session(event, thing, what)
    if event["type"] == "payment_intent.payment_failed":
        # Without our seal this is somebody else's declined try, which nobody has to look at.
        ours = opened(thing.get("metadata"))
        kind = Kind.PAYMENT_FAILED if ours else Kind.OTHER
        return _message(event, thing, kind, failure=_declined(thing))
    if event["type"] == "charge.succeeded":
        return _message(event, thing, Kind.OTHER, payer=_payer(thing))
    if family == "refund":
        return _about_refund(event, thing)
    if family == "charge.dispute":
        # The event is a hint: what moved is read from the dispute itself, which only grows.
        return _message(event, thing, Kind.CHARGEBACK_CHANGED, failure=thing["reason"])
    return _message(event, thing, Kind.OTHER)


def _about_session(event: Thing, session: Thing, what: str) -> Message:
    money = _money(session["amount_total"], session["currency"])
    if what in ("completed", "async_payment_succeeded") and session["payment_status"] != "unpaid":
        return _message(event, session, Kind.PAYMENT_SUCCEEDED, money=money)
    if what in ("expired", "async_payment_failed"):
        # A session that has come to its end is not to be paid again; the payer opens another.
        return _message(event, session, Kind.PAYMENT_CANCELLED, failure=what)
    return _message(event, session, Kind.OTHER)


def _about_refund(event: Thing, refund: Thing) -> Message:
    state = refund_state(refund)
    kinds = {Status.SUCCEEDED: Kind.REFUND_SUCCEEDED, Status.FAILED: Kind.REFUND_FAILED}
    kind = kinds.get(state.status, Kind.OTHER)
    return _message(event, refund, kind, money=state.money, failure=state.failure)


def _message(
    event: Thing,
    thing: Thing,
    kind: Kind,
    *,
    money: Money | None = None,
    failure: str = "",
    payer: str = "",
) -> Message:
    return Message(
        message_id=event["id"],
        kind=kind,
        reference=opened(thing.get("metadata")),
        provider_ref=str(thing.get("id") or ""),
        money=money,
        at=moment(event["created"]),
        failure=failure,
        payer=payer,
        raw={
            "id": event["id"],
            "type": event["type"],
            "api_version": event.get("api_version"),
            "created": event["created"],
            "livemode": event["livemode"],
            "object": _kept(thing),
        },
    )


def _payer(charge: Thing) -> str:
    """Return the mark of the card, or account, that was charged.

    It has one fingerprint whoever uses it: https://docs.stripe.com/api/charges/object
    """
    details: Thing = charge.get("payment_method_details") or {}
    means: Thing = details.get(str(details.get("type") or "")) or {}
    fingerprint = means.get("fingerprint")
    return mark(f"stripe|{fingerprint}") if fingerprint else ""


def _declined(payment: Thing) -> str:
    """Return why the last try failed (https://docs.stripe.com/declines/codes)."""
    error: Thing = payment.get("last_payment_error") or {}
    return str(error.get("decline_code") or error.get("code") or "declined")


def _refund_failure(refund: Thing) -> str:
    return str(refund.get("failure_reason") or refund["status"])


def _money(amount: int, currency: str) -> Money | None:
    money = from_stripe(amount, currency)
    if money is None:
        logger.error("Stripe names %s %s, which our books cannot hold", amount, currency)
    return money


def _kept(thing: Thing) -> dict[str, Any]:
    kept = {name: thing[name] for name in _KEPT if name in thing}
    for name in ("payment_intent", "latest_charge"):
        if isinstance(kept.get(name), dict):
            kept[name] = kept[name].get("id")
    return kept
