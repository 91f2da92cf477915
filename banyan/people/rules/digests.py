"""Address books: how contacts are read from what people paste, and what is kept of them.

Kept is a keyed digest (HMAC-SHA256, cut to 128 bits) of the channel and the contact in its one
stored form. Without the key nobody can try out numbers; with the key and the table one could,
because there are few numbers: so both sides agree first, and a taken-back yes erases at once.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .contacts import Contact, read_contact

MOST_AT_ONCE = 1_000
LONGEST_BOOK = 200_000
LENGTH = 16
_BREAKS = re.compile(r"[\r\n\t,;:|\"'<>]+")
_FEWEST_DIGITS = 6


def digest(key: bytes, contact: Contact) -> bytes:
    """Return the digest of a contact under a key of the ring, 16 bytes."""
    text = f"{contact.channel}:{contact.value}"
    return hmac.digest(key, text.encode(), hashlib.sha256)[:LENGTH]


def tag(key: bytes) -> str:
    """Return a name for a key that says nothing about it."""
    return hmac.digest(key, b"tag", hashlib.sha256)[:4].hex()


@dataclass(frozen=True, slots=True)
class Book:
    """What was read: contacts, each once, and how many pieces looked like one but are none."""

    contacts: tuple[Contact, ...]
    unread: int


def read_book(text: str, region: str) -> Book:
    """Read e-mail addresses and telephone numbers from lines, CSV or vCards.

    Names and everything else are passed over. Numbers without a country code are read as those of
    ``region``.
    """
    found: dict[Contact, None] = {}
    unread = 0
    for piece in _pieces(text):
        contact = read_contact(piece, region)
        if contact is None:
            unread += 1
        else:
            found[contact] = None
        if len(found) + unread > MOST_AT_ONCE:
            break
    return Book(tuple(found), unread)


def _pieces(text: str) -> Iterator[str]:
    """Cut out what looks like a contact; numbers are written with blanks, addresses are not."""
    for piece in _BREAKS.split(text):
        if "@" in piece:
            yield from (word for word in piece.split() if "@" in word)
        elif sum(sign.isdigit() for sign in piece) >= _FEWEST_DIGITS:
            yield piece
