"""Credit notes follow refunds: an invoice that no longer says what was paid is corrected."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.events import Meta

from .actions.documents import credit_refund
from .events import OrderRefunded


@events.subscribe(OrderRefunded, consumer="orders.documents")
def credit_what_was_refunded(event: OrderRefunded, meta: Meta) -> None:
    """Let every refund of an invoiced order have its credit note."""
    credit_refund(refund_id=event.refund_id)
