"""Reads of the community: feeds by pull, hydrated once."""

from .comments import Thread, thread
from .feed import FORM_C_FROM, following_ids
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
    "Shown",
    "Spot",
    "Thread",
    "about_product",
    "best_about",
    "board_ids",
    "first_pictures",
    "following_ids",
    "hydrate",
    "newest_ids",
    "posts_of",
    "posts_showing",
    "thread",
]
