"""The only writers of payments. Each verb is repeatable; its docstring says how it is called.

``capture`` is the one end of all three ways on which we learn of a payment: the browser's return
and the regular check (both :func:`sync`), and the provider's message (:func:`receive_webhook`).
"""

from .by_hand import check_bank_ref, say_not_sent, say_returned, say_sent
from .capturing import Paid, capture
from .chargebacks import check_chargeback, hear_chargeback
from .credit import issue_credit
from .inquiry import check_intent, expire_intent, sync, sync_known
from .intents import (
    Opening,
    cancel_intent,
    first_attempt,
    new_intent,
    open_link,
    require_open,
    start,
    start_known,
    start_opened,
)
from .messages import handle_stored, look_at_message, receive_webhook
from .payouts import poll_payout, request_payout, settle_payout, submit_payout
from .reconciliation import Difference, Reconciliation, reconcile
from .refunds import (
    poll_refund,
    redirect_refund,
    request_refund,
    retry_locks,
    retry_refund,
    settle_refund,
    submit_refund,
)
from .requests import (
    ask_for_payment,
    cancel_request,
    expire_request,
    intent_for_request,
    refund_request,
)
from .splits import (
    connect_account,
    keep_rest,
    poll_return,
    request_return,
    request_split,
    settle_return,
    submit_return,
)

__all__ = [
    "Difference",
    "Opening",
    "Paid",
    "Reconciliation",
    "ask_for_payment",
    "cancel_intent",
    "cancel_request",
    "capture",
    "check_bank_ref",
    "check_chargeback",
    "check_intent",
    "connect_account",
    "expire_intent",
    "expire_request",
    "first_attempt",
    "handle_stored",
    "hear_chargeback",
    "intent_for_request",
    "issue_credit",
    "keep_rest",
    "look_at_message",
    "new_intent",
    "open_link",
    "poll_payout",
    "poll_refund",
    "poll_return",
    "receive_webhook",
    "reconcile",
    "redirect_refund",
    "refund_request",
    "request_payout",
    "request_refund",
    "request_return",
    "request_split",
    "require_open",
    "retry_locks",
    "retry_refund",
    "say_not_sent",
    "say_returned",
    "say_sent",
    "settle_payout",
    "settle_refund",
    "settle_return",
    "start",
    "start_known",
    "start_opened",
    "submit_payout",
    "submit_refund",
    "submit_return",
    "sync",
    "sync_known",
]
