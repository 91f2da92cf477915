"""What payments do when something was paid or promised: place it, or hand it to its job."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.events import Meta

from .actions.requests import on_request_captured, request_locks
from .events import PaymentCaptured, PayoutRequested, RefundRequested

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
