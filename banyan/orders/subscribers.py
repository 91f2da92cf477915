"""What orders do inside the transactions of payments."""

from __future__ import annotations

from banyan.kernel import events
from banyan.payments.events import PaymentCaptured, RefundFailed, RefundSucceeded

from . import notices  # noqa: F401 - registers on import
from .actions.payment import on_captured, payment_locks
from .actions.refunds import on_settled, settled_locks

events.in_transaction(PaymentCaptured, locks=payment_locks)(on_captured)
events.in_transaction(RefundSucceeded, locks=settled_locks)(on_settled)
events.in_transaction(RefundFailed, locks=settled_locks)(on_settled)
