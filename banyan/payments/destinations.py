"""Where a payout by hand goes: sealed in the tables, and gone once the payout has ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from banyan.kernel.keyrings import BadSeal, Ring, seal, unseal


def sealed(destination: Mapping[str, Any]) -> dict[str, str]:
    """Return ``destination`` as a payout keeps it while a person is to send it."""
    return {"sealed": seal(Ring.PAYOUTS, json.dumps(dict(destination)).encode()).decode()}


def opened(destination: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what was sealed, nothing where its secret is gone; what never was, as it is."""
    if "sealed" not in destination:
        return destination
    try:
        found: dict[str, Any] = json.loads(unseal(Ring.PAYOUTS, destination["sealed"].encode()))
    except BadSeal:
        return {}
    return found


def mask(account: str) -> str:
    """Return an account's number for reading: nothing but its last four signs."""
    return f"••••{account[-4:]}" if len(account) > 4 else "••••"


def shown(destination: Mapping[str, Any]) -> str:
    """Return whom a payout goes to, for the desk: the name, and of what is sealed four signs."""
    plain = opened(destination)
    name, account = str(plain.get("name", "")), str(plain.get("account", ""))
    if plain and "sealed" in destination:
        return f"{name}, {mask(account)}"
    return name or account
