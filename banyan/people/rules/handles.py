"""Handles: the public name in ``/@handle``."""

from __future__ import annotations

import datetime as dt
import random
import re
from typing import Any

from django.utils.translation import gettext_lazy as _

KEPT = dt.timedelta(days=90)
"""How long a handle that was given up leads to its account and is nobody else's."""
MOST_KEPT = 10
"""How many of them an account has at a time, so that nobody keeps names from others."""
_SHAPE = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,29}")
_NOT_FOR_PEOPLE = (
    "about admin administrator api banyan billing help login logout me moderator null official"
    " owner payments root security settings shop signup staff studio support system team undefined"
    " www"
)
RESERVED = frozenset(_NOT_FOR_PEOPLE.split())
_READABLE = (
    "amber apricot aspen autumn bamboo basil birch breeze brook cedar cherry cloud clover coral"
    " cosmos daisy dawn delta dune ember fern fig finch forest garden ginger hazel heron honey"
    " iris ivy jade juniper kite lake lantern lark laurel lemon lily linden lotus maple meadow"
    " mango mint moss nectar oak olive orchid otter peach pebble pepper pine plum pollen poppy"
    " quince raven reed river robin rowan saffron sage shore sparrow spruce summer swift tea"
    " thistle thyme tulip valley violet walnut willow wren yarrow"
)
_WORDS = _READABLE.split()


def clean_handle(text: str) -> str:
    """Return ``text`` without blanks and a leading @."""
    return text.strip().removeprefix("@")


def handle_problem(handle: str) -> Any:
    """Return why ``handle`` cannot be one (a lazy text), or None; it may still be taken."""
    if not _SHAPE.fullmatch(handle):
        return _("Use 3 to 30 letters, digits or underscores, beginning with a letter.")
    if handle.lower() in RESERVED:
        return _("This name is reserved. Please choose another.")
    return None


def suggest_handle(source: random.Random | random.SystemRandom, digits: int = 4) -> str:
    """Return a readable word and ``digits`` digits, such as ``juniper4821``."""
    return f"{source.choice(_WORDS)}{source.randrange(10**digits):0{digits}d}"
