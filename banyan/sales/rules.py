"""Pure rules of sales."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

BASELINE = dt.timedelta(days=7)
WARM_UP = dt.timedelta(minutes=15)


def baseline(
    prices: Sequence[tuple[dt.datetime, int]], now: dt.datetime, span: dt.timedelta = BASELINE
) -> int | None:
    """Return the lowest price that was asked in ``span`` before ``now``; None when none is known.

    ``prices`` are (from when on, minor units); the one that was asked when it began counts.
    """
    begins = now - span
    before = [(at, amount) for at, amount in prices if at <= begins]
    within = [amount for at, amount in prices if begins < at <= now]
    if before:
        within.append(max(before)[1])
    return min(within, default=None)


def most_of_one(rights: int, left: int, per_person: int) -> int:
    """Return how many units somebody may have: those of their ``rights``, and of what is ``left``.

    Units of which rights are held count towards ``per_person``.
    """
    return rights + max(0, min(left, per_person - rights))


def waits_until(starts_at: dt.datetime, first_seconds: int) -> dt.datetime:
    """Return when the order of those who came first is drawn, and the first may buy."""
    return starts_at + dt.timedelta(seconds=first_seconds)
