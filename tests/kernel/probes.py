"""Events that only tests of the kernel use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import ClassVar

from django.db import transaction

from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Event

TESTER = Actor.system("test")


class Probed(Event):
    """Something was probed."""

    name: ClassVar[str] = "test.probed"
    subject: ClassVar[str] = "probe_id"
    probe_id: int
    note: str = ""


def emit(probe_id: int, note: str = "") -> int:
    """Emit one probe in a transaction of its own."""
    with transaction.atomic():
        return events.emit(Probed(probe_id=probe_id, note=note), actor=TESTER)


@contextlib.contextmanager
def listening(consumer: str, *handlers: events.Handler) -> Iterator[None]:
    """Let only ``consumer`` listen, to probes, with ``handlers``."""
    others = dict(events.consumers)
    events.consumers.clear()
    for handler in handlers:
        events.subscribe(Probed, consumer=consumer)(handler)
    try:
        yield
    finally:
        events.consumers.clear()
        events.consumers.update(others)
