"""Time as the gateway keeps it (UTC milliseconds) and shows it (RFC 3339)."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

DAY_MS = 86_400_000


def now_ms() -> int:
    """Return the present as milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def stamp(moment: int | None) -> str | None:
    """Return ``2026-01-31T10:00:00.123Z`` for milliseconds, None for None."""
    if moment is None:
        return None
    seconds, rest = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}Z"


def day_window(day: date) -> tuple[int, int]:
    """Return the half-open window of milliseconds of one UTC day."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
    return start, start + DAY_MS
