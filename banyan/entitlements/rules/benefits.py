"""What coupons give. Each works on what earlier coupons left of a line; all figures are integers.

A line's piece costs what is left of the line divided by its quantity, rounded down, so a benefit
for single pieces never takes off more than is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.kernel.money import Money, format_money, share_of, split

from .purchase import Line
from .terms import Amount, Benefit, Count, Every, Limit, Percent, Text, register


def spread(total: int, lines: Sequence[Line], left: Mapping[int, int]) -> dict[int, int]:
    """Split ``total`` over lines by what is left of each, largest remainder first."""
    weights = [left[line.key] for line in lines]
    if not total or not sum(weights):
        return {}
    return dict(zip((line.key for line in lines), split(total, weights), strict=True))


def _each(line: Line, left: Mapping[int, int]) -> int:
    return left[line.key] // line.quantity


def of_cheapest(
    pieces: int, bps: int, lines: Sequence[Line], left: Mapping[int, int]
) -> dict[int, int]:
    """Return ``bps`` off each of the ``pieces`` cheapest pieces, by line."""
    off: dict[int, int] = {}
    for line in sorted(lines, key=lambda one: (_each(one, left), one.key)):
        count = min(pieces, line.quantity)
        pieces -= count
        if count:
            off[line.key] = count * share_of(_each(line, left), bps)
    return off


def percent_words(bps: int) -> str:
    """Return basis points as people write them: 1250 is "12.5%"."""
    whole, part = divmod(bps, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") + "%"


def money_words(amount: int, currency: str) -> str:
    """Return an amount as people write it."""
    return format_money(Money(amount, currency))


@register
class AmountOff(Benefit):
    """An amount off, split over the goods; never more than they cost."""

    code: ClassVar[str] = "amount_off"
    label: ClassVar[Text] = gettext_lazy("Amount off")
    amount: Amount

    def off_goods(self, lines: Sequence[Line], left: Mapping[int, int]) -> dict[int, int]:
        """See the base."""
        return spread(min(self.amount, sum(left[one.key] for one in lines)), lines, left)

    def sentence(self, currency: str) -> str:
        """See the base."""
        return _("%(amount)s off") % {"amount": money_words(self.amount, currency)}


@register
class PercentOff(Benefit):
    """A part of the price off, at most ``most``."""

    code: ClassVar[str] = "percent_off"
    label: ClassVar[Text] = gettext_lazy("Percent off")
    bps: Percent
    most: Limit = None

    def off_goods(self, lines: Sequence[Line], left: Mapping[int, int]) -> dict[int, int]:
        """See the base."""
        goods = sum(left[one.key] for one in lines)
        off = share_of(goods, self.bps)
        return spread(off if self.most is None else min(off, self.most), lines, left)

    def sentence(self, currency: str) -> str:
        """See the base."""
        words = {"percent": percent_words(self.bps)}
        if self.most is None:
            return _("%(percent)s off") % words
        words["most"] = money_words(self.most, currency)
        return _("%(percent)s off, at most %(most)s") % words


@register
class FixedPrice(Benefit):
    """So many pieces for a fixed price each; those that gain most come first."""

    code: ClassVar[str] = "fixed_price"
    label: ClassVar[Text] = gettext_lazy("A fixed price")
    price: Amount
    pieces: Count = 1

    def off_goods(self, lines: Sequence[Line], left: Mapping[int, int]) -> dict[int, int]:
        """See the base."""
        off, pieces = {}, self.pieces
        for line in sorted(lines, key=lambda one: (-_each(one, left), one.key)):
            gain = _each(line, left) - self.price
            count = min(pieces, line.quantity)
            if gain <= 0 or not count:
                break
            pieces -= count
            off[line.key] = gain * count
        return off

    def sentence(self, currency: str) -> str:
        """See the base."""
        words = {"price": money_words(self.price, currency), "n": self.pieces}
        if self.pieces == 1:
            return _("One piece for %(price)s") % words
        return _("Up to %(n)s pieces for %(price)s each") % words


@register
class CheapestFree(Benefit):
    """Of every so many pieces the cheapest is free: with 3, buy two and get one."""

    code: ClassVar[str] = "cheapest_free"
    label: ClassVar[Text] = gettext_lazy("The cheapest of several is free")
    of: Every

    def off_goods(self, lines: Sequence[Line], left: Mapping[int, int]) -> dict[int, int]:
        """See the base."""
        pieces = sum(line.quantity for line in lines) // self.of
        return of_cheapest(pieces, 10_000, lines, left)

    def sentence(self, currency: str) -> str:
        """See the base."""
        return _("Of every %(n)s pieces the cheapest is free") % {"n": self.of}


@register
class NthPercent(Benefit):
    """Every so-manieth piece at a part off; the cheapest pieces count as those."""

    code: ClassVar[str] = "nth_percent"
    label: ClassVar[Text] = gettext_lazy("Percent off every second, third ... piece")
    every: Every
    bps: Percent

    def off_goods(self, lines: Sequence[Line], left: Mapping[int, int]) -> dict[int, int]:
        """See the base."""
        pieces = sum(line.quantity for line in lines) // self.every
        return of_cheapest(pieces, self.bps, lines, left)

    def sentence(self, currency: str) -> str:
        """See the base."""
        words = {"percent": percent_words(self.bps), "n": self.every}
        return _("%(percent)s off one of every %(n)s pieces, the cheapest") % words


@register
class FreeShipping(Benefit):
    """Shipping for nothing, or less by up to ``most`` per shop."""

    code: ClassVar[str] = "free_shipping"
    label: ClassVar[Text] = gettext_lazy("Free shipping")
    is_shipping: ClassVar[bool] = True
    most: Limit = None

    def off_shipping(self, amount: int) -> int:
        """See the base."""
        return amount if self.most is None else min(amount, self.most)

    def sentence(self, currency: str) -> str:
        """See the base."""
        if self.most is None:
            return _("Free shipping")
        return _("Up to %(most)s off shipping") % {"most": money_words(self.most, currency)}
