"""What the stand-in remembers, in memory, under one lock."""

from __future__ import annotations

import secrets
import string
import threading
import time
from typing import Any

Thing = dict[str, Any]

VERSION = "2026-10-28.endive"
_LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """Return an id of the published form."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(length))


class Store:
    """Objects by id in the order they were made, events, and what callers asked."""

    def __init__(self, *, key: str, secret: str) -> None:
        self.key = key
        self.secret = secret
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Forget everything and behave normally."""
        self.things: dict[str, Thing] = {}
        self.plans: dict[str, Thing] = {}  # session -> what its PaymentIntent will be made of
        self.events: dict[str, Thing] = {}
        self.answers: dict[str, tuple[str, int, Any]] = {}
        self.requests: list[Thing] = []
        # or "pending": the end comes by ``control/refund``; or "insufficient", as of transfers
        self.refunds = "succeeded"
        self.transfers = "made"  # or "insufficient": the balance has not the money for one
        self.faults: list[int] = []  # statuses with which the next requests are answered
        self.webhook = ""
        self.copies_metadata = True  # from a PaymentIntent to its charge
        self.largest_page = 100

    def now(self) -> int:
        """Return the seconds since 1970."""
        return int(time.time())

    def add(self, thing: Thing) -> Thing:
        """Keep a new object."""
        self.things[thing["id"]] = thing
        return thing

    def of(self, kind: str) -> list[Thing]:
        """Return all objects of a kind, newest first, as lists are."""
        return [one for one in reversed(self.things.values()) if one["object"] == kind]
