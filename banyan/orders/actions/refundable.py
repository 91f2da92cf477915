"""What of an order was paid back so far, as the rules of refunds see it."""

from __future__ import annotations

from collections import Counter

from ..models import Order
from ..rules import RefundableLine
from ..states import GRANTED


def refundable_lines(order: Order) -> list[RefundableLine]:
    """Return what the refund rules need of an order's lines."""
    back = _shipping_back(order)
    return [
        RefundableLine(
            key=line.pk,
            paid=line.paid_amount,
            refunded=line.refunded_amount,
            net=line.net_amount,
            tax=line.tax_amount + line.included_tax_amount,
            quantity=line.quantity,
            refunded_quantity=line.refunded_quantity,
            shipping=line.delivery_amount,
            shipping_tax=line.shipping_tax_amount,
            shipping_back=back[line.pk],
            lowered=line.lowered_amount,
        )
        for line in order.lines.order_by("id")
    ]


def _shipping_back(order: Order) -> Counter[int]:
    """Return what of the lines' shipping was paid back so far."""
    back: Counter[int] = Counter()
    if order.shipping_amount and order.refunded_amount:
        for refund in order.refunds.filter(state__in=GRANTED):
            for part in refund.lines:
                back[int(part["line"])] += int(part.get("shipping", 0))
    return back
