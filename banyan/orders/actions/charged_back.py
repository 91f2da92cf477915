"""What a payer's bank takes back of a purchase: borne by its orders, and counted when it is lost.

While it is open the money is out of the shop's balance and nothing else has happened. Once it is
lost it counts as paid back, by line, with all that follows from that; once it is won the money is
back where it came from.
"""

from __future__ import annotations

from django.db.models import QuerySet, Sum
from django.utils.translation import gettext as _

from banyan.kernel import events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.money import split
from banyan.payments.events import ChargebackClosed, ChargebackMoved

from ..events import OrderChargebackMoved
from ..models import Order, OrderChargeback
from ..rules import refund_by_amount
from ..states import BANK
from . import handover
from .paying_back import (
    count_as_paid_back,
    create_refund,
    refund_locks,
    take_from_lines,
)
from .proceeds import bear, bearer
from .refundable import refundable_lines
from .refunds import free_whole_lines

CHECKOUT = "checkout"


def _orders(checkout_id: int) -> QuerySet[Order]:
    orders = Order.objects.filter(checkout_id=checkout_id).select_related("checkout", "shop")
    return orders.order_by("id")


def chargeback_locks(event: ChargebackMoved | ChargebackClosed) -> list[LockKey]:
    """Return everything that paying back of the payment's orders touches."""
    if event.subject_kind != CHECKOUT:
        return []
    return [key for order in _orders(event.subject_id) for key in refund_locks(order)]


def on_moved(event: ChargebackMoved, actor: Actor) -> None:
    """Share what the bank took among the orders, by what is left of each; or give it back.

    Posts per order ``order:{id}:chargeback:{id}:{number}`` (shop_payable or escrow -A, clearing
    +A). Emits order.chargeback_moved. Raises Busy when there is more to lock by now.
    """
    if event.subject_kind != CHECKOUT:
        return
    locks.check_again(chargeback_locks(event))
    orders = list(_orders(event.subject_id))
    borne = {order.pk: _borne(order, event.chargeback_id) for order in orders}
    if event.amount > 0:
        weights = [_left(order) for order in orders]
        if event.amount > sum(weights):
            raise ValueError(f"chargeback {event.chargeback_id}: {event.amount} of {sum(weights)}")
    else:
        weights = [row.amount if row else 0 for row in borne.values()]
    with caused_by(event.subject_id):
        for order, amount in zip(orders, split(event.amount, weights), strict=True):
            if amount:
                _move(actor, event, order, borne[order.pk], amount)


def _borne(order: Order, chargeback_id: int) -> OrderChargeback | None:
    return order.chargebacks.filter(chargeback_id=chargeback_id).first()


def _left(order: Order) -> int:
    """Return what of an order is neither paid back nor out by the bank."""
    return order.total_amount - order.refunded_amount - out_by_bank(order)


def out_by_bank(order: Order) -> int:
    """Return what payers' banks have out of an order's money, and may still give back."""
    still = order.chargebacks.filter(refund=None)
    return int(still.aggregate(n=Sum("amount"))["n"] or 0)


def _move(
    actor: Actor, event: ChargebackMoved, order: Order, row: OrderChargeback | None, amount: int
) -> None:
    row = row or OrderChargeback(
        order=order,
        chargeback_id=event.chargeback_id,
        amount=0,
        account_id=bearer(order, amount),
    )
    bear(
        actor=actor,
        order=order,
        amount=amount,
        account=row.account_id,
        key=f"order:{order.pk}:chargeback:{event.chargeback_id}:{event.number}",
    )
    row.amount += amount
    row.save()
    events.emit(_event(order, row, event.number), actor=actor)


def on_closed(event: ChargebackClosed, actor: Actor) -> None:
    """Count a lost chargeback as paid back, by line; commissions, points and stock follow.

    Emits order.refunded, like every refund. What is won or ended without a claim has moved back
    already, or comes with a movement of its own.
    """
    if event.subject_kind != CHECKOUT or event.state != "lost":
        return
    locks.check_again(chargeback_locks(event))
    lost = OrderChargeback.objects.filter(
        chargeback_id=event.chargeback_id, amount__gt=0, refund=None
    )
    with caused_by(event.subject_id):
        for row in lost.select_related("order__checkout", "order__shop").order_by("order_id"):
            _lose(actor, row)


def _lose(actor: Actor, row: OrderChargeback) -> None:
    order = row.order
    parts = refund_by_amount(refundable_lines(order), row.amount)
    refund = create_refund(
        order,
        parts,
        reason=_("Taken back by the payer's bank"),
        key=f"chargeback:{row.chargeback_id}:{order.pk}",
        by=BANK,
        restock=False,
    )
    row.refund = refund
    row.save(update_fields=["refund"])
    goods = take_from_lines(order, refund, parts)
    handover.take_back(actor=actor, order=order, line_ids=parts)
    free_whole_lines(actor, order, parts, restock=False)
    count_as_paid_back(actor=actor, order=order, refund=refund, goods=goods)


def _event(order: Order, row: OrderChargeback, number: int) -> OrderChargebackMoved:
    return OrderChargebackMoved(
        order_id=order.pk,
        checkout_id=order.checkout_id,
        shop_id=order.shop_id,
        chargeback_id=row.chargeback_id,
        number=number,
        amount=row.amount,
        currency=order.currency,
    )
