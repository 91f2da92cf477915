"""The writers of people, by what they are about."""

from .accounts import attach_contact, change_handle, close_account, create_account
from .addresses import add_address, change_address, make_default, remove_address
from .contacts import erase_book, forget_old_books, keep_book, renew_digests
from .intents import forget_old_intents, remember_intent, resume_intent
from .lists import add_to_list, delete_list, make_list, rename_list, take_off_list
from .merges import accept_merge, decline_merge, offer_merge, undo_merge
from .mutes import (
    less_of_person,
    less_of_topic,
    mute_person,
    mute_topic,
    mute_word,
    unmute,
    unmute_person,
)
from .profiles import (
    change_profile,
    record_consent,
    remove_avatar,
    set_avatar,
    set_language,
    set_privacy,
    set_theme,
)
from .relations import (
    accept_follower,
    block,
    decline_follower,
    follow,
    remove_follower,
    set_follow_level,
    unblock,
    unfollow,
)
from .sign_in import (
    Begun,
    Finished,
    demo_code,
    forget_old_codes,
    join_browser,
    request_code,
    resend_code,
    verify_code,
)
from .staff import give_role, take_role
from .tokens import create_token, renew_token, revoke_token, use_token
from .words import count_words, reindex_accounts

__all__ = [
    "Begun",
    "Finished",
    "accept_follower",
    "accept_merge",
    "add_address",
    "add_to_list",
    "attach_contact",
    "block",
    "change_address",
    "change_handle",
    "change_profile",
    "close_account",
    "count_words",
    "create_account",
    "create_token",
    "decline_follower",
    "decline_merge",
    "delete_list",
    "demo_code",
    "erase_book",
    "follow",
    "forget_old_books",
    "forget_old_codes",
    "forget_old_intents",
    "give_role",
    "join_browser",
    "keep_book",
    "less_of_person",
    "less_of_topic",
    "make_default",
    "make_list",
    "mute_person",
    "mute_topic",
    "mute_word",
    "offer_merge",
    "record_consent",
    "reindex_accounts",
    "remember_intent",
    "remove_address",
    "remove_avatar",
    "remove_follower",
    "rename_list",
    "renew_digests",
    "renew_token",
    "request_code",
    "resend_code",
    "resume_intent",
    "revoke_token",
    "set_avatar",
    "set_follow_level",
    "set_language",
    "set_privacy",
    "set_theme",
    "take_off_list",
    "take_role",
    "unblock",
    "undo_merge",
    "unfollow",
    "unmute",
    "unmute_person",
    "use_token",
    "verify_code",
]
