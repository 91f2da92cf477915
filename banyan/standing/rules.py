"""Pure rules of standing: what is counted of a shop, and where the bar is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

WINDOW = dt.timedelta(days=90)
"""What is older says little about a shop today."""
SHIP_WITHIN = dt.timedelta(days=3)
"""An order that is not on its way so long after it was paid is late."""
LEAST_ORDERS = 5
"""Fewer paid orders in the window say too little: such a shop is new, not bad."""

LIMITS = {"late": 2000, "refunds": 2500, "disputes": 500, "complaints": 500}
"""The bar: at most so many of 10,000 paid orders in the window."""

REASONS = {
    "unsafe": _("It is not safe"),
    "forbidden": _("It may not be sold"),
    "counterfeit": _("It is not genuine"),
    "misleading": _("It is not what it says"),
    "other": _("Something else"),
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a shop did in the window; each list holds the ids of its orders or reports."""

    orders: int
    late: tuple[int, ...] = ()
    refunds: tuple[int, ...] = ()
    disputes: tuple[int, ...] = ()
    complaints: tuple[int, ...] = ()
    ratings: int = 0
    stars: int = 0

    def of(self, kind: str) -> tuple[int, ...]:
        """Return the ids that count against the shop under ``kind``."""
        found: tuple[int, ...] = getattr(self, kind)
        return found

    def rate_bps(self, kind: str) -> int:
        """Return how many of 10,000 orders are counted under ``kind``, rounded down."""
        return len(self.of(kind)) * 10_000 // self.orders if self.orders else 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a shop stands: ``state`` is new, good or below; ``over`` the kinds over their limit."""

    state: str
    over: tuple[str, ...] = field(default=())


def day_at(moment: dt.datetime, timezone: str) -> dt.date:
    """Return which day it is in a shop: the days on its permits are those of its own calendar."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def verdict(facts: Facts) -> Verdict:
    """Hold the facts against the limits: below is a shop with at least one rate over its own."""
    if facts.orders < LEAST_ORDERS:
        return Verdict("new")
    # exact: count * 10,000 > limit * orders, so that no rounding decides
    over = tuple(
        kind
        for kind, limit in LIMITS.items()
        if len(facts.of(kind)) * 10_000 > limit * facts.orders
    )
    return Verdict("below" if over else "good", over)


def average(facts: Facts) -> float | None:
    """Return the mean of the verified ratings, 1 to 5; None without any."""
    return facts.stars / facts.ratings if facts.ratings else None
