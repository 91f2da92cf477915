"""Verbs of standing: the only writers of its rows."""

from .appeals import appeal, decide_appeal
from .counting import count_again, count_all
from .permits import (
    ask_permit,
    decide_permit,
    end_permits,
    guard_category,
    seal_pictures,
    unguard_category,
    warn_of_permits,
    withdraw_permit,
)
from .reviews import decide_report, report_product, write_review
from .takedowns import lift_takedown, settle_due, settle_takedown, take_down

__all__ = [
    "appeal",
    "ask_permit",
    "count_again",
    "count_all",
    "decide_appeal",
    "decide_permit",
    "decide_report",
    "end_permits",
    "guard_category",
    "lift_takedown",
    "report_product",
    "seal_pictures",
    "settle_due",
    "settle_takedown",
    "take_down",
    "unguard_category",
    "warn_of_permits",
    "withdraw_permit",
    "write_review",
]
