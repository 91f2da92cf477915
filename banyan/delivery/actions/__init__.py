"""Verbs of deliveries without a parcel: the only writers of their tables."""

from .files import Fetched, allow_more, fetch, put_file
from .handing_over import (
    PaidLine,
    RefundedLine,
    check_returnable,
    hand_over,
    settle_pools,
    take_back,
)
from .keys import (
    add_keys,
    check_countable,
    mend_pools,
    open_key,
    show_key,
    withdraw_key,
)
from .terms import WAYS, TermsInput, set_terms
from .vouchers import (
    ACCEPTED,
    Device,
    expire_due,
    open_voucher,
    redeem,
    remind_due,
    settle_conflict,
)

__all__ = [
    "ACCEPTED",
    "WAYS",
    "Device",
    "Fetched",
    "PaidLine",
    "RefundedLine",
    "TermsInput",
    "add_keys",
    "allow_more",
    "check_countable",
    "check_returnable",
    "expire_due",
    "fetch",
    "hand_over",
    "mend_pools",
    "open_key",
    "open_voucher",
    "put_file",
    "redeem",
    "remind_due",
    "set_terms",
    "settle_conflict",
    "settle_pools",
    "show_key",
    "take_back",
    "withdraw_key",
]
