"""Rate limits in fixed windows: one conditional upsert per hit."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.db import connection

from . import clock
from .problems import TooMany

LONGEST_WINDOW = dt.timedelta(days=1)
KEPT = LONGEST_WINDOW * 2
_LONGEST_KEY = 160


def hit(key: str, limit: int, window_seconds: int, *, weight: int = 1) -> int:
    """Count one hit of ``key``, or ``weight``; return how many are left in this window.

    ``key`` names purpose and person ("login:ip:203.0.113.9"). Raises TooMany with ``retry_after``
    once ``limit`` hits came within the window. Call it before the action's transaction: a hit
    that rolls back with a refused action would not count, and its row would be locked meanwhile.
    What only counts once it is done, such as a sum of money, is counted inside, with the wallet.
    """
    if not 0 < window_seconds <= LONGEST_WINDOW.total_seconds():
        raise ValueError("a window is between a second and a day")
    now = clock.now()
    start = dt.datetime.fromtimestamp(
        int(now.timestamp()) // window_seconds * window_seconds, tz=dt.UTC
    )
    with connection.cursor() as cursor:
        # A machine whose clock is behind counts into the newer window.
        cursor.execute(
            "INSERT INTO kernel_ratebucket AS b (key, window_start, hits)"
            " SELECT %(key)s, %(start)s, %(weight)s WHERE %(limit)s >= %(weight)s"
            " ON CONFLICT (key) DO UPDATE SET"
            "   window_start = greatest(b.window_start, excluded.window_start),"
            "   hits = CASE WHEN b.window_start >= excluded.window_start"
            "          THEN b.hits + %(weight)s ELSE %(weight)s END"
            " WHERE b.window_start < excluded.window_start OR b.hits + %(weight)s <= %(limit)s"
            " RETURNING hits",
            {"key": _short(key), "start": start, "limit": limit, "weight": weight},
        )
        row = cursor.fetchone()
    if row is None:
        end = start + dt.timedelta(seconds=window_seconds)
        wait = max(1, -int((now - end).total_seconds() // 1))
        raise TooMany(detail=f"{key}: more than {limit} in {window_seconds} s", retry_after=wait)
    return limit - int(row[0])


def _short(key: str) -> str:
    if len(key) <= _LONGEST_KEY:
        return key
    return hashlib.sha256(key.encode()).hexdigest()
