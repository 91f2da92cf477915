"""What units of a line are worth when they are paid back. Pure; every figure is in minor units.

The rule, in this order:

1. When the last unit of the whole order is paid back, everything that is left of every line goes
   back, shipping included.
2. Else a unit is worth its share of the goods after discount, and of the tax on them. Shipping
   goes back with it only where the shop bears it: the unit was never sent, or the shop is at
   fault.
3. Shares are taken on running totals (what n units are worth, less what n - 1 were), so that any
   sequence adds up exactly; nothing is ever more than what is left of the line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bought:
    """A line as the rule sees it: ``units_back`` of it were paid back so far.

    ``goods`` is after discount, ``shipping`` its part of that; each with the tax on top of it.
    """

    key: int
    quantity: int
    goods: int
    shipping: int
    refunded: int
    units_back: int

    @property
    def left(self) -> int:
        """What can still be paid back."""
        return self.goods + self.shipping - self.refunded


def without_shipping(lines: Sequence[Bought], back: Mapping[int, int]) -> dict[int, int]:
    """Return what is paid back by line for ``back`` units of it, the buyer bearing the shipping."""
    return _worth(lines, back, {line.key: line.goods for line in lines})


def with_shipping(lines: Sequence[Bought], back: Mapping[int, int]) -> dict[int, int]:
    """Return what is paid back by line for ``back`` units of it, the shop bearing the shipping."""
    return _worth(lines, back, {line.key: line.goods + line.shipping for line in lines})


def _worth(
    lines: Sequence[Bought], back: Mapping[int, int], totals: Mapping[int, int]
) -> dict[int, int]:
    """Return the parts by line, zeros left out; ValueError for more units than there are."""
    known = {line.key for line in lines}
    for line in lines:
        if not 0 <= back.get(line.key, 0) <= line.quantity - line.units_back:
            raise ValueError(f"{back[line.key]} units of line {line.key}")
    if unknown := set(back) - known:
        raise ValueError(f"unknown lines {unknown}")
    if all(line.units_back + back.get(line.key, 0) == line.quantity for line in lines):
        return {line.key: line.left for line in lines if line.left}
    parts = {}
    for line in lines:
        units = back.get(line.key, 0)
        if units:
            until = line.units_back + units
            total = totals[line.key]
            share = total * until // line.quantity - total * line.units_back // line.quantity
            parts[line.key] = min(share, line.left)
    return {key: part for key, part in parts.items() if part}
