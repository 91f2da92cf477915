"""Exact tax: what is due for each part of an order, and no cent more or less in the sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from banyan.catalog.rules import TaxTerms
from banyan.kernel.money import split

WHOLE = 1_000_000


@dataclass(frozen=True, slots=True)
class Taxed:
    """A part of an order: its ``amount`` in minor units, its ``rate`` in parts per million."""

    amount: int
    rate: int


def rounded(value: Fraction, rounding: str) -> int:
    """Return a value that is not negative as a whole number: half_up, or half_even."""
    below, rest = divmod(value, 1)
    up = rest > Fraction(1, 2) or (
        rest == Fraction(1, 2) and (rounding == "half_up" or below % 2 == 1)
    )
    return int(below) + up


def exact_tax(part: Taxed, *, included: bool) -> Fraction:
    """Return the tax before rounding: contained in the amount, or on top of it."""
    return Fraction(part.amount * part.rate, WHOLE + part.rate if included else WHOLE)


def taxes(parts: Sequence[Taxed], *, included: bool, per: str, rounding: str) -> list[int]:
    """Return the tax of each part, in order.

    ``per`` line: each is rounded by itself. ``per`` order: all parts of one rate are rounded at
    once, and the sum is split over them by largest remainder.
    """
    if per == "line":
        return [rounded(exact_tax(part, included=included), rounding) for part in parts]
    due = [0] * len(parts)
    for rate in {part.rate for part in parts}:
        places = [n for n, part in enumerate(parts) if part.rate == rate]
        amounts = [parts[n].amount for n in places]
        if not sum(amounts):
            continue
        whole = rounded(exact_tax(Taxed(sum(amounts), rate), included=included), rounding)
        for n, amount in zip(places, split(whole, amounts), strict=True):
            due[n] = amount
    return due


def contained(amount: int, terms: TaxTerms, tax_class: str) -> int:
    """Return the tax that a price for goods of a class contains, where prices come with it."""
    part = Taxed(amount, terms.rate(tax_class))
    return rounded(exact_tax(part, included=True), terms.rounding) if terms.included else 0
