"""Server time, UTC, one reading per decision, injectable. Windows are half-open: [start, end)."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextvars import ContextVar

_fixed: ContextVar[dt.datetime | None] = ContextVar("banyan_clock", default=None)


def now() -> dt.datetime:
    """Return the current time (UTC), or the injected one inside :func:`at`."""
    return _fixed.get() or dt.datetime.now(dt.UTC)


@contextlib.contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Fix the clock of this context (and thread) to ``moment``, which must be aware."""
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware times only")
    token = _fixed.set(moment.astimezone(dt.UTC))
    try:
        yield
    finally:
        _fixed.reset(token)


def within(moment: dt.datetime, start: dt.datetime | None, end: dt.datetime | None) -> bool:
    """Tell whether ``moment`` lies in [start, end); None means unbounded."""
    return (start is None or start <= moment) and (end is None or moment < end)
