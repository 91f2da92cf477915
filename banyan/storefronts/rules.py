"""Rules of storefronts: pure, without database or clock."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

KINDS = ("own", "selected", "pooled", "external")
MOST_OFFERS = 200
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_INK, _PAPER = "#1c1916", "#ffffff"


def clean_colour(text: str) -> str | None:
    """Return "#rrggbb" in small letters, "" for none, or None for what is no colour."""
    text = text.strip().lower()
    return text if not text or _COLOUR.fullmatch(text) else None


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2, 0 (black) to 1 (white)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG 2.2, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink_on(colour: str) -> str:
    """Return the text colour that reads best on ``colour``; black where our ink is too soft."""
    best = max((_INK, _PAPER), key=lambda ink: contrast(ink, colour))
    return best if contrast(best, colour) >= 4.5 else "#000000"


def clean_url(text: str) -> str | None:
    """Return an address that may be linked to (http or https, with a host), or None."""
    text = text.strip()
    if not text or len(text) > 500 or any(sign.isspace() or ord(sign) < 33 for sign in text):
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname
        _port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not host or parts.username is not None:
        return None
    return text


def least_price(supply: int, minimum: int | None) -> int:
    """Return the least that a page may ask for a unit."""
    return max(supply, minimum or 0)


def margin_of(*, unit: int, supply: int, quantity: int, discount: int = 0) -> int:
    """Return what a page earns from a line: the difference per unit, less what it gave off.

    Never below zero: the supplier's part is not the page's to give away.
    """
    return max(0, (unit - supply) * quantity - discount)
