"""Verbs of earnings: the only writers of its tables."""

from .bank_list import take_bank_list
from .circles import clear_circle, confirm_circle, find_circles
from .debts import let_debt_go, receive_debt
from .destinations import (
    forget_former_owners,
    remove_destination,
    remove_shop_destination,
    set_destination,
    set_shop_destination,
)
from .holds import hold_fraud, hold_received, release_due, release_fraud
from .life import activate, end_unpaid
from .payouts import (
    cancel_batch,
    draft_again,
    draft_batch,
    draft_shop_batch,
    on_payout_failed,
    on_payout_paid,
    on_payout_returned,
    submit_batch,
)
from .plans import set_plan
from .quotes import quote
from .refunds import reverse

__all__ = [
    "activate",
    "cancel_batch",
    "clear_circle",
    "confirm_circle",
    "draft_again",
    "draft_batch",
    "draft_shop_batch",
    "end_unpaid",
    "find_circles",
    "forget_former_owners",
    "hold_fraud",
    "hold_received",
    "let_debt_go",
    "on_payout_failed",
    "on_payout_paid",
    "on_payout_returned",
    "quote",
    "receive_debt",
    "release_due",
    "release_fraud",
    "remove_destination",
    "remove_shop_destination",
    "reverse",
    "set_destination",
    "set_plan",
    "set_shop_destination",
    "submit_batch",
    "take_bank_list",
]
