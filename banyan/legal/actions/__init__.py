"""The writers of legal, by what they are about."""

from .erasing import ask_erasure, erase_due, erase_purchase, stay
from .exporting import ask_export, expire_exports, make_exports, take_export
from .texts import accept, accept_each, publish_text

__all__ = [
    "accept",
    "accept_each",
    "ask_erasure",
    "ask_export",
    "erase_due",
    "erase_purchase",
    "expire_exports",
    "make_exports",
    "publish_text",
    "stay",
    "take_export",
]
