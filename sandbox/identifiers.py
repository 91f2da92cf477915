"""Identifiers: a kind prefix and 96 random bits, so that a pay page cannot be guessed."""

from __future__ import annotations

import secrets


def new_id(prefix: str) -> str:
    """Return for example ``pay_5f0c...`` (24 hexadecimal digits)."""
    return f"{prefix}_{secrets.token_hex(12)}"
