"""Who of this process waits for a payment to be booked is woken when this process books it.

A payer comes back at the moment at which the message comes. This is a kindness, not a protection:
what another process books is found by looking again.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_awaited: dict[int, threading.Event] = {}


@contextmanager
def awaited(intent_id: int) -> Iterator[threading.Event]:
    """Return an event that is set when the payment is booked while the block runs."""
    booked = _awaited.setdefault(intent_id, threading.Event())
    try:
        yield booked
    finally:
        _awaited.pop(intent_id, None)


def tell(intent_id: int) -> None:
    """Wake those who wait for this payment. Call it after the commit."""
    booked = _awaited.get(intent_id)
    if booked is not None:
        booked.set()
