"""The writers of legal, by what they are about."""

from .erasing import ask_erasure, cancel_erasure, come_back, erase_due, erase_purchase
from .exporting import ask_export, expire_exports, make_exports, take_export
from .texts import accept, publish_text

__all__ = [
    "accept",
    "ask_erasure",
    "ask_export",
    "cancel_erasure",
    "come_back",
    "erase_due",
    "erase_purchase",
    "expire_exports",
    "make_exports",
    "publish_text",
    "take_export",
]
