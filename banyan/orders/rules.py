"""Pure pricing and refund arithmetic. Every figure is an integer of minor units.

Order of the steps, fixed: list price, discounts, shipping. Recomputed from zero each time; each
line keeps the explanation of its price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.kernel.money import split


@dataclass(frozen=True, slots=True)
class LineInput:
    """What pricing knows of a line.

    ``supply_amount``: what the supplier of a pooled offer is promised for a unit. No discount of
    the shop's touches such a line.
    """

    key: int
    shop_id: int
    unit_amount: int
    quantity: int
    supply_amount: int | None = None


@dataclass(frozen=True, slots=True)
class ShopTerms:
    """The shop's shipping rule: a flat amount, free from a goods total (after discount) on."""

    shop_id: int
    shipping_amount: int
    free_shipping_from: int | None


@dataclass(frozen=True, slots=True)
class Discount:
    """What something takes off, by line key; ``funded_by`` bears it: shop, platform or sharer."""

    step: str
    code: str
    amounts: Mapping[int, int]
    funded_by: str = "shop"


@dataclass(slots=True)
class PricedLine:
    """A line with its parts; paid = goods - discount + shipping + tax.

    ``included_tax`` is contained in the other parts and adds nothing.
    """

    key: int
    shop_id: int
    quantity: int
    unit_amount: int
    goods: int
    discount: int = 0
    shipping: int = 0
    tax: int = 0
    included_tax: int = 0
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

    def shipping(self, shop_id: int | None = None) -> int:
        """Return the shipping total."""
        return self._sum("shipping", shop_id)

    def tax(self, shop_id: int | None = None) -> int:
        """Return the total of the tax that comes on top."""
        return self._sum("tax", shop_id)

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
    priced = []
    for given in lines:
        goods = given.unit_amount * given.quantity
        steps = [{"step": "list", "amount": goods, "unit": given.unit_amount, "n": given.quantity}]
        priced.append(
            PricedLine(
                given.key, given.shop_id, given.quantity, given.unit_amount, goods, steps=steps
            )
        )
    for discount in discounts:
        for line in priced:
            _take_off(line, discount)
    for terms in shops:
        mine = [line for line in priced if line.shop_id == terms.shop_id]
        if not mine:
            continue
        goods = sum(line.goods - line.discount for line in mine)
        free = terms.free_shipping_from is not None and goods >= terms.free_shipping_from
        amount = 0 if free else terms.shipping_amount
        parts = split(amount, [line.goods or 1 for line in mine])
        for line, part in zip(mine, parts, strict=True):
            line.shipping = part
            line.steps.append({"step": "shipping", "amount": part, "free": free})
    return Priced(priced)


def _take_off(line: PricedLine, discount: Discount) -> None:
    part = discount.amounts.get(line.key, 0)
    if not 0 <= part <= line.goods - line.discount:
        raise ValueError(f"{discount.code} takes {part} off line {line.key}")
    if part:
        line.discount += part
        line.steps.append(
            {
                "step": discount.step,
                "amount": -part,
                "code": discount.code,
                "funded_by": discount.funded_by,
            }
        )


def of_shop(lines: Sequence[LineInput], shop_id: int) -> list[LineInput]:
    """Return the lines that a discount of the shop's can apply to: all but pooled ones.

    On those the price is another page's, and the shop is promised its part of it in full.
    """
    return [line for line in lines if line.shop_id == shop_id and line.supply_amount is None]


def coupon_discount(
    lines: Sequence[LineInput], *, shop_id: int, code: str, amount: int
) -> Discount:
    """Return ``amount`` off the goods of a shop, split by what the lines cost."""
    mine = of_shop(lines, shop_id)
    goods = [line.unit_amount * line.quantity for line in mine]
    parts = split(amount, goods) if sum(goods) else [0] * len(mine)
    return Discount("coupon", code, {line.key: n for line, n in zip(mine, parts, strict=True)})


@dataclass(frozen=True, slots=True)
class RefundableLine:
    """What a refund knows of a line: ``paid`` in total, ``refunded`` so far, ``shipping`` part."""

    key: int
    paid: int
    refunded: int
    shipping: int
    quantity: int
    refunded_quantity: int

    @property
    def left(self) -> int:
        """What can still be refunded."""
        return self.paid - self.refunded


def refund_by_rate(lines: Sequence[RefundableLine], rate_bps: int) -> dict[int, int]:
    """Return per-line amounts of a refund of ``rate_bps`` of what is left, exact in total."""
    left = [line.left for line in lines]
    total = (sum(left) * rate_bps + 5000) // 10000
    return refund_by_amount(lines, total)


def refund_by_amount(lines: Sequence[RefundableLine], amount: int) -> dict[int, int]:
    """Spread ``amount`` over the lines by what is left of each; ValueError when it is too much."""
    left = [line.left for line in lines]
    if amount < 0 or amount > sum(left):
        raise ValueError("more than is left")
    if amount == 0:
        return {}
    parts = split(amount, left)
    return {line.key: part for line, part in zip(lines, parts, strict=True) if part}


def goods_part(line: RefundableLine, amount: int) -> int:
    """Return how much of a refund of ``amount`` is goods: shipping goes back last, pro rata.

    Computed on running totals, so that any sequence of refunds adds up to the line's goods.
    """
    goods_paid = line.paid - line.shipping

    def goods_until(refunded: int) -> int:
        return refunded * goods_paid // line.paid if line.paid else 0

    return goods_until(line.refunded + amount) - goods_until(line.refunded)
