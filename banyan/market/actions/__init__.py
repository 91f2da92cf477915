"""Verbs of the market: the only writers of its rows."""

from .disputes import answer_dispute, decide_dispute, open_dispute, withdraw_dispute
from .escrow import end_returned, on_received, release_due, release_escrow
from .listings import ListingInput, post_listing, withdraw_listing

__all__ = [
    "ListingInput",
    "answer_dispute",
    "decide_dispute",
    "end_returned",
    "on_received",
    "open_dispute",
    "post_listing",
    "release_due",
    "release_escrow",
    "withdraw_dispute",
    "withdraw_listing",
]
