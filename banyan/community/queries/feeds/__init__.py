"""Feeds: which posts, in which order, and why. ``queries.hydrate`` makes them ready to draw."""

from .following import (
    FORM_C_FROM,
    count_new,
    followed_among,
    following_ids,
    list_ids,
    moment_ids,
)
from .places import group_ids, near_ids
from .ranking import Ranked, explore
from .unmuted import unmuted

__all__ = [
    "FORM_C_FROM",
    "Ranked",
    "count_new",
    "explore",
    "followed_among",
    "following_ids",
    "group_ids",
    "list_ids",
    "moment_ids",
    "near_ids",
    "unmuted",
]
