"""Limits against spam: what a text may hold, and how much new accounts may say."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

_LINK = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+\.(?:com|net|org|cn|io|shop|top|xyz)\b", re.I)
_MENTION = re.compile(r"(?<![\w@])@[a-z0-9_]{2,30}", re.I)

POST, COMMENT, MESSAGE, STRANGER = "post", "comment", "message", "stranger"


@dataclass(frozen=True, slots=True)
class Limits:
    """``a_day`` maps where something is said to how often; what is not in it has no limit."""

    links: int
    mentions: int
    same: int
    a_day: Mapping[str, int]


KNOWN = Limits(
    links=10,
    mentions=20,
    same=10,
    a_day={POST: 200, COMMENT: 1_000, MESSAGE: 3_000, STRANGER: 100},
)
NEW = Limits(links=2, mentions=5, same=3, a_day={POST: 10, COMMENT: 40, MESSAGE: 300, STRANGER: 5})
LEAST_REPEATED = 12
"""Shorter texts ("Thank you!") are said again by honest people, too."""


def is_new(*, created_at: dt.datetime, now: dt.datetime, has_contact: bool, days: int) -> bool:
    """Tell whether the narrower limits hold: young, or no verified contact; 0 days: never."""
    return days > 0 and (not has_contact or now - created_at < dt.timedelta(days=days))


def links_in(text: str) -> int:
    """Count the addresses in a text."""
    return len(_LINK.findall(text))


def mentions_in(text: str) -> int:
    """Count the different people who are mentioned."""
    return len({name.casefold() for name in _MENTION.findall(text)})
