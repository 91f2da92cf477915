"""Server time, UTC, one reading per decision, injectable. Windows are half-open: [start, end)."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextvars import ContextVar

from django.utils import timezone

# What people and programs may name as a time: year 1 and 9999 are other years in other zones, and
# no clock, database driver or page could tell them any more.
EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LATEST = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)

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


def told(moment: dt.datetime, form: str = "%Y-%m-%d %H:%M") -> str:
    """Write a moment for people: "2026-11-27 18:40 UTC+8", in the zone of the page, or UTC."""
    here = timezone.localtime(moment)
    return f"{here:{form}} {_zone_sign(here)}"


def zone_told() -> str:
    """Name the zone of the page, as it is now: "Asia/Shanghai, UTC+8", or "UTC" alone."""
    name, sign = timezone.get_current_timezone_name(), _zone_sign(timezone.localtime(now()))
    return name if name == sign else f"{name}, {sign}"


def _zone_sign(here: dt.datetime) -> str:
    minutes = int((here.utcoffset() or dt.timedelta()).total_seconds()) // 60
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")
