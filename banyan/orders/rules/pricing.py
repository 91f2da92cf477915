"""Pure pricing. Every figure is an integer of minor units.

The steps and their order are fixed: unit prices (list price, then each source that names
another), coupons, points, shipping, tax, rounding. Recomputed from zero each time; each line keeps
the explanation of its price. See docs/explanation/pricing.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.catalog.rules import Method, TaxTerms
from banyan.kernel.money import split

from .tax import Taxed, taxes

POINTS = "points"
"""The step of discounts that a member's points are spent on."""
RIGHT = "right"
"""The step of a unit price that somebody was promised, and that somebody bears for them."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """A price for one unit, by the source ``step``; ``note`` names it for the buyer.

    ``funded_by`` bears what it is less than the price before it: shop, platform or sharer.
    ``supply_amount``: what the supplier of a pooled offer is promised for one unit.
    """

    amount: int
    step: str
    note: str = ""
    funded_by: str = "shop"
    supply_amount: int | None = None
    storefront_id: int | None = None
    sale_id: int | None = None
    right_id: int | None = None


@dataclass(frozen=True, slots=True)
class LineInput:
    """What pricing knows of a line; ``prices`` are the unit prices of the sources, in order.

    ``unit_amount`` is what the last of them says. ``weight_grams`` is of one unit.
    """

    key: int
    shop_id: int
    unit_amount: int
    quantity: int
    prices: tuple[UnitPrice, ...] = ()
    weight_grams: int = 0
    tax_class: str = "standard"
    in_parcel: bool = True

    @property
    def is_pooled(self) -> bool:
        """Whether a page sells it at its own price, out of which the supplier has its part."""
        return any(price.supply_amount is not None for price in self.prices)


@dataclass(frozen=True, slots=True)
class ShopTerms:
    """How a shop's part of a purchase is delivered and taxed; None: neither charged nor due."""

    shop_id: int
    method: Method | None = None
    tax: TaxTerms | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """What something takes off goods, by line key, and off shipping, by shop.

    ``funded_by`` bears it: shop, platform or sharer. ``note`` names it for the buyer.
    """

    step: str
    code: str
    amounts: Mapping[int, int]
    funded_by: str = "shop"
    shipping: Mapping[int, int] = field(default_factory=dict)
    note: str = ""


@dataclass(slots=True)
class PricedLine:
    """A line with its parts; paid = goods - discount + shipping + tax.

    ``points`` is the part of the discount that points are spent on.
    ``included_tax`` is contained in the other parts and adds nothing; ``shipping_tax`` is the
    part of either tax that is due for shipping.
    """

    key: int
    shop_id: int
    quantity: int
    unit_amount: int
    goods: int
    discount: int = 0
    points: int = 0
    shipping: int = 0
    tax: int = 0
    included_tax: int = 0
    shipping_tax: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)

    @property
    def paid(self) -> int:
        """What the buyer pays for the line."""
        return self.goods - self.discount + self.shipping + self.tax


@dataclass(slots=True)
class Priced:
    """A priced purchase."""

    lines: list[PricedLine]

    def _sum(self, name: str, shop_id: int | None) -> int:
        return sum(getattr(line, name) for line in self.lines if shop_id in (None, line.shop_id))

    def goods(self, shop_id: int | None = None) -> int:
        """Return the goods total, of one shop or of all."""
        return self._sum("goods", shop_id)

    def discount(self, shop_id: int | None = None) -> int:
        """Return the discount total."""
        return self._sum("discount", shop_id)

    def points(self, shop_id: int | None = None) -> int:
        """Return the part of the discount that points are spent on."""
        return self._sum("points", shop_id)

    def shipping(self, shop_id: int | None = None) -> int:
        """Return the shipping total."""
        return self._sum("shipping", shop_id)

    def tax(self, shop_id: int | None = None) -> int:
        """Return the total of the tax that comes on top."""
        return self._sum("tax", shop_id)

    def included_tax(self, shop_id: int | None = None) -> int:
        """Return the total of the tax that the other parts contain."""
        return self._sum("included_tax", shop_id)

    def total(self, shop_id: int | None = None) -> int:
        """Return what is to be paid."""
        return self._sum("paid", shop_id)


def price(
    lines: Sequence[LineInput], shops: Sequence[ShopTerms], discounts: Sequence[Discount] = ()
) -> Priced:
    """Price a purchase; ``discounts`` in the order in which they were worked out.

    Shipping is split over the lines by largest remainder. Raises ValueError for a discount that
    is more than what is left of a line.
    """
    priced = {line.key: _unit_priced(line) for line in lines}
    for discount in discounts:
        for line in priced.values():
            _take_off(line, discount)
    for terms in shops:
        mine = [line for line in lines if line.shop_id == terms.shop_id]
        if not mine:
            continue
        if terms.method is not None:
            sent = [line for line in mine if line.in_parcel]
            _ship(terms.method, sent, priced)
            for discount in discounts:
                off = discount.shipping.get(terms.shop_id, 0)
                _take_off_shipping([priced[line.key] for line in sent], discount, off)
        if terms.tax is not None:
            _tax(terms.tax, mine, priced)
    return Priced(list(priced.values()))


def _unit_priced(given: LineInput) -> PricedLine:
    n = given.quantity
    steps: list[dict[str, Any]] = []
    before = 0
    for unit in given.prices or (UnitPrice(given.unit_amount, "list"),):
        step: dict[str, Any] = {"step": unit.step, "amount": (unit.amount - before) * n}
        step |= {"unit": unit.amount, "n": n}
        if steps:
            step["funded_by"] = unit.funded_by
        if unit.note:
            step["note"] = unit.note
        steps.append(step)
        before = unit.amount
    return PricedLine(given.key, given.shop_id, n, before, before * n, steps=steps)


def _take_off(line: PricedLine, discount: Discount) -> None:
    part = discount.amounts.get(line.key, 0)
    if not 0 <= part <= line.goods - line.discount:
        raise ValueError(f"{discount.code} takes {part} off line {line.key}")
    if part:
        line.discount += part
        if discount.step == POINTS:
            line.points += part
        line.steps.append(_step(discount, part))


def _step(discount: Discount, part: int) -> dict[str, Any]:
    step: dict[str, Any] = {
        "step": discount.step,
        "amount": -part,
        "code": discount.code,
        "funded_by": discount.funded_by,
    }
    return step | {"note": discount.note} if discount.note else step


def _take_off_shipping(lines: Sequence[PricedLine], discount: Discount, amount: int) -> None:
    """Lower the shipping of a shop's lines by ``amount`` in all, by what is left of each."""
    left = [line.shipping for line in lines]
    if not 0 <= amount <= sum(left):
        raise ValueError(f"{discount.code} takes {amount} off shipping")
    if not amount:
        return
    for line, part in zip(lines, split(amount, left), strict=True):
        line.shipping -= part
        if part:
            line.steps.append(_step(discount, part) | {"of": "shipping"})


def _ship(method: Method, given: Sequence[LineInput], priced: Mapping[int, PricedLine]) -> None:
    mine = [priced[line.key] for line in given]
    if not mine:
        return
    # Points pay for goods: they never make delivery dearer.
    goods = sum(line.goods - line.discount + line.points for line in mine)
    weight = sum(line.weight_grams * line.quantity for line in given)
    amount = method.charge(goods=goods, weight=weight)
    free = method.is_free(goods)
    for line, part in zip(mine, split(amount, [line.goods or 1 for line in mine]), strict=True):
        line.shipping = part
        line.steps.append({"step": "shipping", "amount": part, "free": free, "note": method.name})


def _rates(
    terms: TaxTerms, given: Sequence[LineInput], goods: Mapping[int, int]
) -> tuple[dict[int, int], int]:
    """Return what the goods of each rate are worth, and the rate that most of the value has."""
    values: dict[int, int] = {}
    for line in given:
        rate = terms.rate(line.tax_class)
        values[rate] = values.get(rate, 0) + goods[line.key]
    return values, max(values, key=lambda rate: (values[rate], rate))


def _tax(terms: TaxTerms, given: Sequence[LineInput], priced: Mapping[int, PricedLine]) -> None:
    """Tax goods by their class, and shipping at the rate that most of the goods' value has."""
    goods = {line.key: priced[line.key].goods - priced[line.key].discount for line in given}
    _values, main = _rates(terms, given, goods)
    rates = [terms.rate(line.tax_class) for line in given]
    due = taxes(
        [Taxed(goods[line.key], rate) for line, rate in zip(given, rates, strict=True)]
        + [Taxed(priced[line.key].shipping, main) for line in given],
        included=terms.included,
        per=terms.per,
        rounding=terms.rounding,
    )
    of_goods, of_shipping = due[: len(given)], due[len(given) :]
    mine = [priced[line.key] for line in given]
    for one, rate, tax, shipping_tax in zip(mine, rates, of_goods, of_shipping, strict=True):
        one.shipping_tax = shipping_tax
        whole = tax + shipping_tax
        if terms.included:
            one.included_tax = whole
        else:
            one.tax = whole
        if rate or whole:
            one.steps.append(
                {
                    "step": "tax",
                    "amount": 0 if terms.included else whole,
                    "included": whole if terms.included else 0,
                    "rate": rate,
                    "note": terms.name,
                }
            )


@dataclass(frozen=True, slots=True)
class TaxOnTop:
    """The tax that :func:`price` adds to a shop's lines, for whoever tries many coupons on them."""

    terms: TaxTerms
    given: Sequence[LineInput]
    _seen: dict[tuple[int, ...], int] = field(default_factory=dict)

    def __call__(self, left: Mapping[int, int]) -> Callable[[Sequence[int]], int]:
        """Return the tax as a function of shipping: what is asked, then what coupons take off it.

        ``left`` is what coupons leave of the goods of lines; nothing is off those it lacks.
        """
        goods = {line.key: left.get(line.key, _goods(line)) for line in self.given}
        values, main = _rates(self.terms, self.given, goods)
        if self.terms.per == "order":
            return lambda shipping: self._at_once(values, main, shipping[0] - sum(shipping[1:]))
        taxed = [Taxed(goods[one.key], self.terms.rate(one.tax_class)) for one in self.given]
        of_goods = self._sum(taxed)
        return lambda shipping: of_goods + self._of_shipping(main, *shipping)

    def _sum(self, parts: Sequence[Taxed]) -> int:
        return sum(taxes(parts, included=False, per="line", rounding=self.terms.rounding))

    def _at_once(self, values: Mapping[int, int], main: int, shipping: int) -> int:
        # What is rounded once for each rate and then dealt out adds up to the same.
        return self._sum(
            [
                Taxed(worth + (shipping if rate == main else 0), rate)
                for rate, worth in values.items()
            ]
        )

    def _of_shipping(self, main: int, asked: int, *off: int) -> int:
        if not asked:
            return 0
        key = (main, asked, *off)
        if key not in self._seen:
            parts = split(asked, [_goods(one) or 1 for one in self.given if one.in_parcel])
            for amount in filter(None, off):
                taken = split(amount, parts)
                parts = [part - less for part, less in zip(parts, taken, strict=True)]
            self._seen[key] = self._sum([Taxed(part, main) for part in parts])
        return self._seen[key]


def _goods(line: LineInput) -> int:
    return line.unit_amount * line.quantity


def borne_by(steps: Iterable[Mapping[str, Any]], who: str) -> int:
    """Return how much of a line's reductions, as its steps say, somebody bears for the buyer.

    Discounts and price rights; a list, an offer or a sale is what its seller asks.
    """
    borne = (step for step in steps if "code" in step or step["step"] == RIGHT)
    return -sum(int(step["amount"]) for step in borne if step.get("funded_by") == who)
