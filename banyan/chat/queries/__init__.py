"""Reads of the chat for pages and the API."""

from .inbox import (
    Desk,
    FirstReply,
    Row,
    desk,
    first_reply,
    orders_beside,
    quick_replies,
    read_by_buyer,
)
from .messages import Said, earlier, following, latest, since
from .rooms import Listed, choice_of, pointer_of, read_by_other, requests, rooms, unread_rooms

__all__ = [
    "Desk",
    "FirstReply",
    "Listed",
    "Row",
    "Said",
    "choice_of",
    "desk",
    "earlier",
    "first_reply",
    "following",
    "latest",
    "orders_beside",
    "pointer_of",
    "quick_replies",
    "read_by_buyer",
    "read_by_other",
    "requests",
    "rooms",
    "since",
    "unread_rooms",
]
