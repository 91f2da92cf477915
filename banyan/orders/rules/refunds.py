"""Pure arithmetic of refunds. Every figure is an integer of minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from banyan.kernel.money import split

GOODS, SHIPPING, BOTH = "goods", "shipping", "both"
"""What a refund is of, where that is known; of both by what is left of each where it is not."""


@dataclass(frozen=True, slots=True)
class RefundableLine:
    """What a refund knows of a line: ``paid`` in total, ``refunded`` so far.

    ``net`` is what the goods alone cost, without tax and shipping; ``tax`` all tax in ``paid``.
    ``shipping`` is the part of ``paid`` that is delivery, with the tax on top of it, and
    ``shipping_tax`` the part of ``tax`` for it; ``shipping_back`` of it was refunded so far.
    ``lowered`` of what was refunded is no goods that came back: their price fell.
    """

    key: int
    paid: int
    refunded: int
    net: int
    tax: int
    quantity: int
    refunded_quantity: int
    shipping: int = 0
    shipping_tax: int = 0
    shipping_back: int = 0
    lowered: int = 0

    @property
    def left(self) -> int:
        """What can still be refunded."""
        return self.paid - self.refunded

    @property
    def goods_paid(self) -> int:
        """What was paid for the goods, with the tax on them."""
        return self.paid - self.shipping

    @property
    def goods_back(self) -> int:
        """What of that was refunded so far."""
        return self.refunded - self.shipping_back

    @property
    def goods_price(self) -> int:
        """What the goods cost since their price fell, with the tax on them."""
        return self.goods_paid - self._lowered_goods

    @property
    def goods_returned(self) -> int:
        """What of that was refunded so far."""
        return self.goods_back - self._lowered_goods

    @property
    def _lowered_goods(self) -> int:
        # Where nothing of the goods was left, it came out of the shipping.
        return min(self.lowered, self.goods_back)


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


def shipping_part(line: RefundableLine, amount: int, of: str = BOTH) -> int:
    """Return how much of a refund of ``amount`` is shipping, with the tax on top of it.

    What is said to be ``of`` one of both is of the other only where nothing is left of the first.
    """
    goods_left = line.goods_paid - line.goods_back
    shipping_left = line.shipping - line.shipping_back
    if of == GOODS:
        return max(0, amount - goods_left)
    if of == SHIPPING:
        return min(amount, shipping_left)
    return split(amount, [goods_left, shipping_left])[1] if amount else 0


def goods_part(line: RefundableLine, amount: int, shipping: int = 0) -> int:
    """Return how much of a refund of ``amount`` is goods, without tax and its ``shipping``."""
    return _part(line.net, line.goods_back, amount - shipping, line.goods_paid)


def tax_part(line: RefundableLine, amount: int, shipping: int = 0) -> int:
    """Return how much of a refund of ``amount``, ``shipping`` of which is that, is tax."""
    of_goods = line.tax - line.shipping_tax
    return _part(of_goods, line.goods_back, amount - shipping, line.goods_paid) + _part(
        line.shipping_tax, line.shipping_back, shipping, line.shipping
    )


def _part(whole: int, before: int, amount: int, paid: int) -> int:
    """Share ``whole`` pro rata on running totals: all refunds of a line together give it all."""

    def until(refunded: int) -> int:
        return refunded * whole // paid if paid else 0

    return until(before + amount) - until(before)


def fallen(*, fall: int, goods: int, tax: int) -> int:
    """Return what goes back when what was paid for ``goods`` falls by ``fall``.

    ``goods`` is after discounts, which stay: a fall is never more. The part of the ``tax`` that
    came on top of it goes back, too; what stays of that is rounded half up.
    """
    if goods <= 0:
        return 0
    left = goods - min(fall, goods)
    return goods - left + tax - (2 * tax * left + goods) // (2 * goods)
