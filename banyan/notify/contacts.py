"""Marks of contacts: enough to know one again when it is typed, not enough to write to it."""

from __future__ import annotations

from hashlib import sha256


def mark(channel: str, destination: str) -> str:
    """Return the mark of a contact: 64 hexadecimal digits.

    By no key of ours, because a wish not to be written to outlives every key.
    """
    return sha256(f"{channel}|{destination.strip().lower()}".encode()).hexdigest()
