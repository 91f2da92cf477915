"""Tickets: which topics a page may listen to, for ten minutes. Made by the web process.

``TOPIC~TOPIC.EXPIRES.PERSON.MAC``: readable, so that the page knows its topics; the person is a
keyed hash that only serves to count their streams. Standard library only.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

LIFETIME = 600
_TOPICS = re.compile(r"[a-z]{1,12}:[0-9]{1,19}(?:~[a-z]{1,12}:[0-9]{1,19}){0,7}")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a genuine ticket says; times are Unix seconds."""

    topics: tuple[str, ...]
    expires: int
    person: str

    @property
    def issued(self) -> int:
        """When the page was made that carries it."""
        return self.expires - LIFETIME


def issue(topics: Sequence[str], *, person: str, now: float, key: bytes) -> str:
    """Return a ticket for at most eight topics; ``person`` is whatever tells people apart."""
    named = "~".join(topics)
    if not _TOPICS.fullmatch(named):
        raise ValueError(f"no topics of a page: {named}")
    who = blake2b(person.encode(), key=key, digest_size=8, person=b"live person").hexdigest()
    text = f"{named}.{int(now) + LIFETIME}.{who}"
    return f"{text}.{_mac(text, key)}"


def read(ticket: str, *, now: float, keys: Sequence[bytes]) -> Ticket | None:
    """Return what a ticket says, or None when it is not ours, changed, or expired."""
    text, _dot, mac = ticket.rpartition(".")
    if len(ticket) > 400 or not ticket.isascii():
        return None
    if not any(hmac.compare_digest(_mac(text, key), mac) for key in keys):
        return None
    topics, expires, person = text.split(".")
    found = Ticket(tuple(topics.split("~")), int(expires), person)
    return found if now < found.expires else None


def _mac(text: str, key: bytes) -> str:
    return blake2b(text.encode(), key=key, digest_size=16, person=b"live ticket").hexdigest()
