"""The writers of people, by what they are about."""

from .accounts import (
    attach_contact,
    change_handle,
    close_account,
    create_account,
    nobody,
    reopen_account,
)
from .addresses import add_address, change_address, make_default, remove_address
from .intents import forget_old_intents, remember_intent, resume_intent
from .merges import accept_merge, decline_merge, offer_merge, undo_merge
from .profiles import (
    change_profile,
    record_consent,
    remove_avatar,
    set_avatar,
    set_language,
    set_theme,
)
from .relations import block, follow, unblock, unfollow
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
    "accept_merge",
    "add_address",
    "attach_contact",
    "block",
    "change_address",
    "change_handle",
    "change_profile",
    "close_account",
    "count_words",
    "create_account",
    "create_token",
    "decline_merge",
    "demo_code",
    "follow",
    "forget_old_codes",
    "forget_old_intents",
    "give_role",
    "join_browser",
    "make_default",
    "nobody",
    "offer_merge",
    "record_consent",
    "reindex_accounts",
    "remember_intent",
    "remove_address",
    "remove_avatar",
    "renew_token",
    "reopen_account",
    "request_code",
    "resend_code",
    "resume_intent",
    "revoke_token",
    "set_avatar",
    "set_language",
    "set_theme",
    "take_role",
    "unblock",
    "undo_merge",
    "unfollow",
    "use_token",
    "verify_code",
]
