"""What payments do when something was paid or promised: place it, or hand it to its job."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
from banyan.trust.subscribers import CONSUMER as TRUST

from .actions.requests import on_request_captured, request_locks
from .events import PaymentCaptured, PayoutRequested, RefundRequested
from .queries import payer_told

CONSUMER = "payments.out"

events.in_transaction(PaymentCaptured, locks=request_locks)(on_request_captured)


@events.subscribe(RefundRequested, consumer=CONSUMER)
def send_refund(event: RefundRequested, meta: Meta) -> None:
    """Queue the sending; the provider is never called inside the relay's transaction."""
    from .jobs import submit_refund

    submit_refund.defer(refund_id=str(event.refund_id))


@events.subscribe(PayoutRequested, consumer=CONSUMER)
def send_payout(event: PayoutRequested, meta: Meta) -> None:
    """Queue the sending; the provider is never called inside the relay's transaction."""
    from .jobs import submit_payout

    submit_payout.defer(payout_id=str(event.payout_id))


@events.subscribe(PaymentCaptured, consumer=TRUST)
def note_payer(event: PaymentCaptured, meta: Meta) -> None:
    """Note by which means an account has paid, where the provider tells."""
    told = payer_told(event.intent_id)
    if told is not None:
        account_id, payer = told
        record(account_id=account_id, keys=[Key(PAYMENT, payer)], source="payment")
