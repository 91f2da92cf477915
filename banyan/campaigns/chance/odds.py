"""Whether what chance brought fits the odds that were told. Pure: no database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

FEWEST = 5.0
"""Expected of each kind at least; with fewer the test says nothing (Cochran's rule)."""


class Fit(NamedTuple):
    """Pearson's chi-square, and how likely chance alone brings as much or more (0 to 1)."""

    chi_square: float
    likely: float


def fit(counts: Sequence[int], weights: Sequence[int]) -> Fit | None:
    """Return how counts fit weights, one of each per kind; None where there are too few to tell.

    Kinds without weight cannot come and are left out. One kind alone always fits, and tells
    nothing either.
    """
    kinds = [(n, weight) for n, weight in zip(counts, weights, strict=True) if weight]
    total, whole = sum(n for n, _weight in kinds), sum(weight for _n, weight in kinds)
    if len(kinds) < 2 or min(total * weight / whole for _n, weight in kinds) < FEWEST:
        return None
    found = sum((n - total * w / whole) ** 2 / (total * w / whole) for n, w in kinds)
    return Fit(found, beyond(found, len(kinds) - 1))


def beyond(value: float, degrees: int) -> float:
    """Return how likely a chi-square of so many ``degrees`` of freedom is ``value`` or more.

    Upwards by two degrees at a time: Q(a + 1, x) = Q(a, x) + x^a e^-x / Gamma(a + 1), with a half
    of the degrees and x half of the value (Abramowitz and Stegun, 6.5.21).
    """
    x = value / 2
    odd = degrees % 2
    at, found = (0.5, math.erfc(math.sqrt(x))) if odd else (1.0, math.exp(-x))
    while at < degrees / 2:
        found += x**at * math.exp(-x) / math.gamma(at + 1)
        at += 1
    return found
