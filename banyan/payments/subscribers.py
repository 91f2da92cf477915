"""What payments do after their own commits: hand refunds and payouts to the job that sends them."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.events import Meta

from .events import PayoutRequested, RefundRequested

CONSUMER = "payments.out"


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
