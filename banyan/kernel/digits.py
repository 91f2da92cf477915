"""Numbers out of texts that strangers wrote: query strings, headers, fields of forms."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

# The largest number that a bigint column holds.
LARGEST = 2**63 - 1
_MOST_DIGITS = 19
_WITH_COMMA = re.compile(r"[+-]?(?:(?:\d+|\d{1,3}(?:\.\d{3})+),\d{1,2}|0,\d+)")
# In India all groups but the last are of two.
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?")


def whole(text: str, *, most: int = LARGEST) -> int | None:
    """Return the number that ``text`` writes in ASCII digits; None for anything else.

    ``str.isdigit`` also takes "²", which ``int`` refuses. None too for more than ``most``.
    """
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        return None
    number = int(text)
    return number if number <= most else None


def figure(text: str) -> Decimal:
    """Return the figure that somebody typed, exactly: "12.5", "1,250.50", "12,50".

    ValueError if it is none. A comma before one or two last digits, or after a zero, is the decimal
    one, as many telephones have no other key; else commas stand between thousands.
    """
    text = text.strip()
    if _WITH_COMMA.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif "," in text and not _GROUPED.fullmatch(text):
        raise ValueError(f"{text!r} is no figure")
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is no figure") from error
