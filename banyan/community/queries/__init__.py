"""Reads of the community: feeds by pull, hydrated once."""

from .comments import Thread, thread
from .feeds import (
    FORM_C_FROM,
    Ranked,
    count_new,
    explore,
    following_ids,
    group_ids,
    list_ids,
    moment_ids,
    near_ids,
)
from .posts import (
    END,
    PAGE,
    Shown,
    Spot,
    about_product,
    best_about,
    board_ids,
    first_pictures,
    hydrate,
    newest_ids,
    posts_of,
    posts_showing,
)

__all__ = [
    "END",
    "FORM_C_FROM",
    "PAGE",
    "Ranked",
    "Shown",
    "Spot",
    "Thread",
    "about_product",
    "best_about",
    "board_ids",
    "count_new",
    "first_pictures",
    "explore",
    "following_ids",
    "group_ids",
    "hydrate",
    "list_ids",
    "moment_ids",
    "near_ids",
    "newest_ids",
    "posts_of",
    "posts_showing",
    "thread",
]
