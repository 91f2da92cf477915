"""What orders do inside the transactions of payments, and what paid orders tell of people."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.kernel.remembered import get
from banyan.payments.events import PaymentCaptured, RefundFailed, RefundSucceeded
from banyan.trust.actions import record
from banyan.trust.rules import BROWSER, Key, address_keys
from banyan.trust.subscribers import CONSUMER as TRUST

from . import notices  # noqa: F401 - registers on import
from .actions.payment import on_captured, payment_locks
from .actions.refunds import on_settled, settled_locks
from .events import OrderPaid
from .models import Checkout

events.in_transaction(PaymentCaptured, locks=payment_locks)(on_captured)
events.in_transaction(RefundSucceeded, locks=settled_locks)(on_settled)
events.in_transaction(RefundFailed, locks=settled_locks)(on_settled)


@events.subscribe(OrderPaid, consumer=TRUST)
def note_buyer(event: OrderPaid, meta: Meta) -> None:
    """Note where a member's paid order goes, and with which browser it was placed."""
    bought = get(Checkout, event.checkout_id)
    if bought.buyer_id is not None:
        browser = [Key(BROWSER, bought.visitor)] if bought.visitor else []
        keys = [*address_keys(bought.address), *browser]
        record(account_id=bought.buyer_id, keys=keys, source="order")
