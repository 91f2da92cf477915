"""Verbs of the chat: the only writers of its tables."""

from .cards import Wanted
from .inbox import assign, finish, read_thread, remove_quick_reply, save_quick_reply, take_thread
from .rooms import (
    accept,
    choose_who_writes,
    decline,
    mark_read,
    mute,
    open_direct,
    open_group_room,
    open_shop_room,
    renew_streams,
    unmute,
)
from .sending import Words, answer_buyer, ask_shop, hear, send, take_back, write_to
from .telling import tell_large_rooms

__all__ = [
    "Wanted",
    "Words",
    "accept",
    "answer_buyer",
    "ask_shop",
    "assign",
    "choose_who_writes",
    "decline",
    "finish",
    "hear",
    "mark_read",
    "mute",
    "open_direct",
    "open_group_room",
    "open_shop_room",
    "read_thread",
    "remove_quick_reply",
    "renew_streams",
    "save_quick_reply",
    "send",
    "take_back",
    "take_thread",
    "tell_large_rooms",
    "unmute",
    "write_to",
]
