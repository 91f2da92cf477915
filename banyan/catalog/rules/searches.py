"""Marks among the search words of goods, and what may be kept of a search that found nothing."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 40
# Addresses, handles, and numbers that may belong to somebody (phones, orders, cards, birthdays).
_NAMES_SOMEBODY = re.compile(r"@|://|www\.|(?:\d[\s().+\-]*){5,}")


def category_mark(category_id: int) -> str:
    """Return the search word that all goods of a category have; nobody types it."""
    return f"类{category_id}"


def shop_mark(shop_id: int) -> str:
    """Return the search word that all goods of a shop have; nobody types it."""
    return f"店{shop_id}"


def scrubbed(text: str) -> str:
    """Return ``text`` folded and cut; empty where it may name a person or says nothing."""
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if _NAMES_SOMEBODY.search(folded) or not any(letter.isalnum() for letter in folded):
        return ""
    return "".join(letter for letter in folded if letter.isprintable())[:LONGEST].strip()
