"""Pure arithmetic of refunds. Every figure is an integer of minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from banyan.kernel.money import split


@dataclass(frozen=True, slots=True)
class RefundableLine:
    """What a refund knows of a line: ``paid`` in total, ``refunded`` so far.

    ``net`` is what the goods alone cost, without tax and shipping; ``tax`` all tax in ``paid``.
    """

    key: int
    paid: int
    refunded: int
    net: int
    tax: int
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
    """Return how much of a refund of ``amount`` is goods, tax and shipping apart."""
    return _part(line, line.net, amount)


def tax_part(line: RefundableLine, amount: int) -> int:
    """Return how much of a refund of ``amount`` is tax."""
    return _part(line, line.tax, amount)


def _part(line: RefundableLine, whole: int, amount: int) -> int:
    """Share ``whole`` pro rata on running totals: all refunds of a line together give it all."""

    def until(refunded: int) -> int:
        return refunded * whole // line.paid if line.paid else 0

    return until(line.refunded + amount) - until(line.refunded)


def fallen(*, fall: int, goods: int, tax: int) -> int:
    """Return what goes back when what was paid for ``goods`` falls by ``fall``.

    ``goods`` is after discounts, which stay: a fall is never more. The part of the ``tax`` that
    came on top of it goes back, too; what stays of that is rounded half up.
    """
    if goods <= 0:
        return 0
    left = goods - min(fall, goods)
    return goods - left + tax - (2 * tax * left + goods) // (2 * goods)
