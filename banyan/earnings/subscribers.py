"""What earnings does inside the transactions of orders and payments."""

from __future__ import annotations

from banyan.kernel import events
from banyan.orders import ports
from banyan.orders.events import (
    OrderCancelled,
    OrderExpired,
    OrderPaid,
    OrderPlaced,
    OrderReceived,
    OrderRefunded,
)
from banyan.payments.events import PayoutFailed, PayoutPaid, PayoutReturned

from . import settling, telling  # noqa: F401 - registers on import
from .actions.holds import hold_locks, hold_received
from .actions.life import activate, activate_locks, end_unpaid, end_unpaid_locks
from .actions.payouts import (
    on_payout_failed,
    on_payout_paid,
    on_payout_returned,
    payout_locks,
)
from .actions.quotes import freeze_terms, quote
from .actions.refunds import reverse, reverse_locks

ports.register_terms(freeze_terms)
# The order's rows are new at placement: nobody else can know them yet.
events.in_transaction(OrderPlaced, locks=lambda event: [])(quote)
events.in_transaction(OrderPaid, locks=activate_locks)(activate)
events.in_transaction(OrderExpired, locks=end_unpaid_locks)(end_unpaid)
events.in_transaction(OrderCancelled, locks=end_unpaid_locks)(end_unpaid)
events.in_transaction(OrderReceived, locks=hold_locks)(hold_received)
events.in_transaction(OrderRefunded, locks=reverse_locks)(reverse)
events.in_transaction(PayoutPaid, locks=payout_locks)(on_payout_paid)
events.in_transaction(PayoutFailed, locks=payout_locks)(on_payout_failed)
events.in_transaction(PayoutReturned, locks=payout_locks)(on_payout_returned)
