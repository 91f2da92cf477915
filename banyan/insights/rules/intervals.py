"""Proportions with their uncertainty."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959964


def wilson_interval(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval (low, high) of a proportion, both within [0, 1].

    8 payers among 100 visitors give 4.1 % to 15.0 %. Without trials nothing is known and
    the answer is (0, 1). Raises ValueError unless 0 <= successes <= trials.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical
    inference", Journal of the American Statistical Association 22 (1927).
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must lie between 0 and trials: {successes} of {trials}")
    if trials == 0:
        return 0.0, 1.0
    rate = successes / trials
    spread = z * z / trials
    centre = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / trials + spread / (4 * trials)) / (1 + spread)
    # At the ends the bound is exact; rounding must not print a tiny non-zero.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


@dataclass(frozen=True, slots=True)
class Proportion:
    """A counted share of people: `rate`, `low` and `high` are fractions of one, not percent."""

    successes: int
    trials: int
    rate: float
    low: float
    high: float

    @classmethod
    def of(cls, successes: int, trials: int) -> Proportion | None:
        """Return the proportion with its Wilson 95 % interval, or None where it has no meaning.

        None when nobody was counted below the line, or more above it than below.
        """
        if not 0 <= successes <= trials or trials == 0:
            return None
        low, high = wilson_interval(successes, trials)
        return cls(successes, trials, successes / trials, low, high)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much larger one share is than another: fractions of one, below zero when smaller."""

    value: float
    low: float
    high: float

    @property
    def is_told(self) -> bool:
        """Whether the interval leaves zero out, so that the direction can be told."""
        return self.low > 0 or self.high < 0

    @classmethod
    def of(cls, one: Proportion, other: Proportion) -> Difference:
        """Return ``one`` minus ``other`` with its 95 % interval, made of the two Wilson ones.

        56 of 70 and 48 of 80 differ by 20.0 points, between 5.2 and 33.4.

        Source: R. G. Newcombe, "Interval estimation for the difference between independent
        proportions: comparison of eleven methods", Statistics in Medicine 17 (1998), method 10.
        """
        value = one.rate - other.rate
        down = math.hypot(one.rate - one.low, other.high - other.rate)
        up = math.hypot(one.high - one.rate, other.rate - other.low)
        return cls(value, value - down, value + up)
