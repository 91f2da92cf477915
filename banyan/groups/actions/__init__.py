"""Verbs of groups: the only writers of its tables."""

from .groups import (
    GroupInput,
    close_group,
    edit_group,
    hide_group,
    make_group,
    show_group,
    verify_group,
)
from .invitations import accept_invitation, invite, revoke_invitation
from .members import (
    accept,
    appoint_owner,
    ban,
    decline,
    hand_over,
    join,
    leave,
    remove,
    set_role,
    unban,
    want_offers,
)
from .offers import end_offer, offer_to_group, open_offer, tell_offers
from .picks import feature_post, pin_post, unfeature_post, unpin_post

__all__ = [
    "GroupInput",
    "accept",
    "accept_invitation",
    "appoint_owner",
    "ban",
    "close_group",
    "decline",
    "edit_group",
    "end_offer",
    "feature_post",
    "hand_over",
    "hide_group",
    "invite",
    "join",
    "leave",
    "make_group",
    "offer_to_group",
    "open_offer",
    "pin_post",
    "remove",
    "revoke_invitation",
    "set_role",
    "show_group",
    "tell_offers",
    "unban",
    "unfeature_post",
    "unpin_post",
    "verify_group",
    "want_offers",
]
