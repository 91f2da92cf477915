"""What a shop gets of one order, sum by sum, as its rows say it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from banyan.kernel.money import Money
from banyan.ledger.rules import portion
from banyan.orders.actions.proceeds import funded_back
from banyan.orders.actions.refundable import refundable_lines
from banyan.orders.models import Order
from banyan.orders.rules import borne_by
from banyan.orders.states import BANK, GRANTED
from banyan.payments.models import Payout, PayoutReturn

from ..models import Commission
from ..ports import booked
from ..settling import SUBJECT as SPLIT
from ..states import LIVE_STATES


@dataclass(frozen=True, slots=True)
class OrderDue:
    """What a shop gets of an order: the first two less all that follows is ``due``.

    ``borne`` is what the platform gives for coupons and points of its own, less what refunds took
    back of it. ``refunded`` leaves out what a payer's bank took, which is ``charged_back``.
    ``commissions`` and ``fee`` are after refunds; ``leaders`` is what others earn by a group.
    ``passed_on`` of ``due`` is on the shop's own account.
    """

    paid: Money
    borne: Money
    refunded: Money
    commissions: Money
    fee: Money
    leaders: Money
    charged_back: Money
    due: Money
    passed_on: Money


def due_of(order: Order) -> OrderDue | None:
    """Return what the shop gets of a paid order; None before, and between members.

    ``due`` is what the ledger has posted onto ``shop_payable`` about the order. Its rows are read
    and not its journals: nine queries at most.
    """
    if order.paid_at is None or order.shop.kind == "member":
        return None
    refunds = order.refunds.filter(state__in=GRANTED).exclude(requested_by=BANK)
    alive = list(Commission.objects.filter(order=order, state__in=(*LIVE_STATES, "reversed")))
    borne = _borne(order)
    less = {
        "refunded": int(refunds.aggregate(n=Sum("amount"))["n"] or 0),
        "commissions": sum(each.amount - each.reversed_amount for each in alive),
        "fee": sum(each.fee_left for each in alive),
        "leaders": booked(order.pk),
        "charged_back": int(order.chargebacks.aggregate(n=Sum("amount"))["n"] or 0),
    }
    due = order.total_amount + borne - sum(less.values())
    sums = {"paid": order.total_amount, "borne": borne, **less, "due": due}
    sums["passed_on"] = _passed_on(order)
    return OrderDue(**{name: Money(n, order.currency) for name, n in sums.items()})


def _passed_on(order: Order) -> int:
    parts = Payout.objects.filter(subject_kind=SPLIT, subject_id=order.pk).exclude(state="failed")
    back = PayoutReturn.objects.filter(payout__in=parts, state="paid")
    return sum(parts.values_list("amount", flat=True)) - sum(back.values_list("amount", flat=True))


def _borne(order: Order) -> int:
    """Return what the platform bears of the order's prices, less what went back of it."""
    prices = dict(order.lines.values_list("pk", "price"))
    left = 0
    for line in refundable_lines(order):
        borne = borne_by(prices[line.key], "platform")
        if line.goods_paid:
            left += borne - funded_back(line, borne)
        else:
            left += borne - portion(borne, line.refunded_quantity, line.quantity)
    return left
