"""The writers of moderation, by what they are about."""

from .appeals import appeal, review_appeal
from .cases import add_note, decide_case, lift_ended, lift_sanction, take_case
from .listed import list_word, unlist_word
from .notices import counter_notice, decide_notice, file_notice, move_due, settle_notice
from .pictures import block_pictures, unblock_picture
from .reports import hold, report
from .texts import check_names, check_text, require_unlimited

__all__ = [
    "add_note",
    "appeal",
    "block_pictures",
    "check_names",
    "check_text",
    "counter_notice",
    "decide_case",
    "decide_notice",
    "file_notice",
    "hold",
    "lift_ended",
    "lift_sanction",
    "list_word",
    "move_due",
    "report",
    "require_unlimited",
    "review_appeal",
    "settle_notice",
    "take_case",
    "unblock_picture",
    "unlist_word",
]
