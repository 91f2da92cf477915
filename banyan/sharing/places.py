"""Places of our own that links are made for: each has links of its own, told apart by a short name.

A group is named by a keyed hash, so that attribution knows one group from another and not which.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from banyan.kernel import keyrings

from .channels import CHAT, GROUP


def place_of_chat() -> str:
    """Return the place of rooms of two and of shops' rooms, which are not told apart."""
    return CHAT


def place_of_group(group_id: int) -> str:
    """Return the place of a group: its chat, its offers."""
    key = keyrings.keys(keyrings.Ring.STREAMS)[0]
    return f"{GROUP}:{hmac.digest(key, f'group {group_id}'.encode(), sha256).hex()[:16]}"
