"""Coupon packs: what the first, second, ... opener of a shared pack gets.

The order is made from the committed seed: who opens cannot know which place is the lucky one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from banyan.kernel.fairness import below, stream
from banyan.kernel.proofs import subkey

from .packets import EQUAL, check_split, line_cut, shuffled, split_equal
from .splits import Split

TIERED, LUCKY = "tiered/1", "lucky/1"
RULES = (EQUAL, TIERED, LUCKY)


@dataclass(frozen=True, kw_only=True)
class Pack(Split):
    """What is published of a pack when it is made; values in minor units of ``currency``.

    EQUAL: ``total`` in ``count`` equal values. TIERED: ``tiers`` of (value, how many), in an order
    by chance. LUCKY: one opener, by chance among the places ``first`` to ``last`` (counted from 1;
    the same number twice announces it), gets ``top``; the others share the rest at random, at least
    ``least`` and less than ``top`` each. ValueError where that cannot be.
    """

    subject: int
    currency: str
    count: int
    total: int
    rule: str = EQUAL
    tiers: tuple[tuple[int, int], ...] = ()
    top: int = 0
    first: int = 1
    last: int = 0
    least: int = 1

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"not a rule for packs: {self.rule!r}")
        if self.rule == TIERED:
            if any(value < 1 or many < 1 for value, many in self.tiers):
                raise ValueError("a tier has a value, and somebody who gets it")
            if sum(many for _, many in self.tiers) != self.count:
                raise ValueError("the tiers together have as many openers as the pack")
            if sum(value * many for value, many in self.tiers) != self.total:
                raise ValueError("the tiers together are the total")
        elif self.rule == LUCKY:
            if not 1 <= self.first <= self.last <= self.count or self.count < 2:
                raise ValueError("the lucky place is one of the places")
            check_split(self.total - self.top, self.count - 1, self.least, self.top - 1)
        else:
            check_split(self.total, self.count, 1, self.total)

    @property
    def terms(self) -> Mapping[str, Any]:
        """The terms as they stand in the proof file."""
        return {
            "kind": "pack",
            "subject": str(self.subject),
            "rule": self.rule,
            "currency": self.currency,
            "count": self.count,
            "total": self.total,
            "tiers": [list(tier) for tier in self.tiers],
            "top": self.top,
            "first": self.first,
            "last": self.last,
            "least": self.least,
            "most": self.top - 1 if self.rule == LUCKY else self.total,
        }

    def parts(self, seed: bytes) -> list[int]:
        """Return the values, first opener first."""
        source = stream(subkey(seed, "parts"))
        if self.rule == EQUAL:
            return split_equal(total=self.total, n=self.count)
        if self.rule == TIERED:
            return shuffled([value for value, many in self.tiers for _ in range(many)], source)
        rest, others = self.total - self.top, self.count - 1
        found = shuffled(line_cut(rest, others, self.least, self.top - 1, source), source)
        found.insert(self.first - 1 + below(self.last - self.first + 1, source), self.top)
        return found
