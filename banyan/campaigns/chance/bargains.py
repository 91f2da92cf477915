"""Bargains: the way from the start price to the floor in exactly as many cuts as helpers.

The whole schedule is fixed and committed to before the first helper comes. Every cut is at least
one minor unit, nobody is left with crumbs that never end, and a newcomer's bonus is a pot of its
own: it never makes another's cut smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .packets import EQUAL, LINE_CUT, split_equal, split_random
from .splits import Split

FRONT = "front/1"
RULES = (EQUAL, FRONT, LINE_CUT)


@dataclass(frozen=True, kw_only=True)
class Bargain(Split):
    """What is published of a bargain when it is launched; prices in minor units of ``currency``.

    EQUAL: equal cuts; what cannot be divided goes, a unit each, to the first. FRONT: the published
    curve, the first cut about three times the last. LINE_CUT: every way of cutting has the same
    chance. ValueError where there is less to cut than people.
    """

    subject: int
    currency: str
    start: int
    floor: int
    people: int
    rule: str = EQUAL

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"not a rule for bargains: {self.rule!r}")
        if self.people < 1 or self.floor < 0 or self.start - self.floor < self.people:
            raise ValueError("each helper cuts at least one unit")

    @property
    def terms(self) -> Mapping[str, Any]:
        """The terms as they stand in the proof file."""
        return {
            "kind": "bargain",
            "subject": str(self.subject),
            "rule": self.rule,
            "currency": self.currency,
            "start": self.start,
            "total": self.start - self.floor,
            "count": self.people,
            "least": 1,
            "most": self.start - self.floor,
        }

    def parts(self, seed: bytes) -> list[int]:
        """Return the cuts, first helper first; they sum to start - floor."""
        whole, n = self.start - self.floor, self.people
        if self.rule == FRONT:
            return [after - before for before, after in pairwise(curve(whole, n))]
        if self.rule == EQUAL:
            return split_equal(total=whole, n=n)
        return split_random(total=whole, n=n, least=1, most=whole, seed=seed)


def curve(whole: int, people: int) -> list[int]:
    """Return the published curve of FRONT: what is cut off after 0, 1, ... n helpers.

    After k of n helpers: k + (whole - n) k (3n - k) / 2n², rounded down.
    """
    n = people
    return [k + (whole - n) * k * (3 * n - k) // (2 * n * n) for k in range(n + 1)]
