"""Whole numbers out of texts that strangers wrote: query strings, headers, search fields."""

from __future__ import annotations

# The largest number that a bigint column holds.
LARGEST = 2**63 - 1
_MOST_DIGITS = 19


def whole(text: str, *, most: int = LARGEST) -> int | None:
    """Return the number that ``text`` writes in ASCII digits; None for anything else.

    ``str.isdigit`` also takes "²", which ``int`` refuses. None too for more than ``most``.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return None
    number = int(text)
    return number if number <= most else None
