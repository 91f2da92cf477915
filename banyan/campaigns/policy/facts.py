"""The facts of a campaign that rules ask for: what is promised to whom, by whom, and for what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Drive = Literal["honour", "benefit", "both"]
Market = Literal["CN", "EU", "US", "none"]
SCOPES = ("hometown", "dialect", "school", "group", "relations")
"""What people may be proud of together. Ethnicity is none of it, in no market."""


class Prize(NamedTuple):
    """What can be won or is given; ``value`` in minor units of the campaign's currency.

    ``quantity``: how many there are in all; ``odds``: (chances, out of); one of them is needed.
    ``is_free``: it is called free, a gift or the like.
    """

    name: str
    kind: Literal["goods", "service", "coupon", "money", "points", "title"]
    value: int
    quantity: int | None = None
    odds: tuple[int, int] | None = None
    is_free: bool = False


class Pride(NamedTuple):
    """What people compete for together: a scope, and whether they declared it themselves."""

    scope: str
    declared: bool


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that the rules read of a campaign; amounts in minor units of ``currency``.

    ``chance``: luck decides what somebody gets. ``by_sharing``: sharing, or the help of those one
    shared with, brings something; ``share_needed``: one cannot take part without;
    ``share_raises_odds``: it makes winning likelier. ``pay_to_enter``: taking part needs a
    purchase or costs something; ``free_entry`` says in words how to take part without.
    ``claim_terms`` and ``claim_days``: how and how long prizes are claimed (``at_once``: they come
    by themselves); ``method``: how it is
    decided who gets what. ``price`` is advertised against ``was``, the lowest price of
    ``was_days`` days before; both None where nothing is; ``price_is``: what everybody pays, or the
    first of several that fall, or the lowest that it can become. ``min_age``: who is younger cannot
    take part; ``who`` says in words for whom it is besides. ``asks`` are the personal data that
    taking part asks for. ``before`` is what was published, if something was.
    """

    mechanic: str
    title: str
    drive: Drive
    market: Market
    currency: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    published_at: dt.datetime | None = None
    organiser: str = ""
    contact: str = ""
    channels: tuple[str, ...] = ()
    paid_levels: int = 0
    prizes: tuple[Prize, ...] = ()
    chance: bool = False
    method: str = ""
    claim_terms: str = ""
    claim_days: int = 0
    at_once: bool = False
    by_sharing: bool = False
    share_needed: bool = False
    share_raises_odds: bool = False
    pay_to_enter: bool = False
    free_entry: str = ""
    price: int | None = None
    price_is: Literal["fixed", "first", "lowest"] = "fixed"
    was: int | None = None
    was_days: int = 0
    min_age: int | None = None
    who: tuple[str, ...] = ()
    prides: tuple[Pride, ...] = ()
    budget: int = 0
    asks: tuple[str, ...] = ()
    before: Facts | None = field(default=None, repr=False)

    @property
    def rewards(self) -> bool:
        """Whether it gives anything but honour."""
        return self.drive != "honour"

    @property
    def promised(self) -> int:
        """What all prizes of a known quantity are worth together."""
        return sum(prize.value * (prize.quantity or 0) for prize in self.prizes)
