"""Who of this process waits for a payment to be booked is woken when this process books it.

A payer comes back at the moment at which the message comes. This is a kindness, not a protection:
what another process books is found by looking again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_awaited: dict[str, threading.Event] = {}


@contextmanager
def awaited(token: str) -> Iterator[threading.Event]:
    """Return an event that is set when the payment of a token is booked while the block runs.

    Who reads the payment inside the block misses no booking: it is in what was read, or told.
    """
    booked = _awaited.setdefault(token, threading.Event())
    try:
        yield booked
    finally:
        _awaited.pop(token, None)


def tell(token: str) -> None:
    """Wake those who wait for this payment. Call it after the commit."""
    booked = _awaited.get(token)
    if booked is not None:
        booked.set()
