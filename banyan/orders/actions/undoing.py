"""Paying back by a rule of the platform: orders that are undone, prices that fell after payment."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.problems import Invalid, NotFound, Problem

from ..models import Order, OrderLine, OrderRefund
from ..rules import GOODS, fallen
from .cancelling import NotCancellable, cancel
from .paying_back import create_refund, lock_for_refund, pay_back, take_from_lines
from .refundable import refundable_lines
from .refunds import check_refundable, check_same
from .units import left_to_ship

logger = logging.getLogger(__name__)

OVER = {"closed", "expired", "cancelled"}


def undo_orders(*, actor: Actor, order_ids: Collection[int], reason: Any) -> dict[int, str]:
    """Refund paid orders of which nothing has left in full: all lines, shipping; coupons return.

    For rooms above, by rule and for nobody's asking: a group that did not come about. Each order
    is undone in a transaction of its own, and one that fails keeps no other back. ``reason`` is
    told in the buyer's language. Locks, posts and emits what ``cancel_order`` does. Repeatable.
    Returns the code of a refusal, by order, of those that are not undone: the caller asks again
    for ``busy`` and ``server_error``; ``not_cancellable`` is unpaid, or on its way already.
    """
    return _each(sorted(set(order_ids)), lambda order_id: _undo(actor, order_id, reason))


def _each(ids: Iterable[int], undo: Callable[[int], None]) -> dict[int, str]:
    """Undo one by one; return the code of each refusal."""
    left = {}
    for one_id in ids:
        try:
            undo(one_id)
        except Problem as problem:
            logger.warning("%s is not undone: %s", one_id, problem)
            left[one_id] = problem.code
        except Exception:
            # A group's money goes back member by member: none waits for another one's trouble.
            logger.exception("%s is not undone", one_id)
            left[one_id] = "server_error"
    return left


def _undo(actor: Actor, order_id: int, reason: Any, line_id: int | None = None) -> None:
    """Undo an order, or one line of it."""
    order = Order.objects.select_related("checkout", "shop").filter(pk=order_id).first()
    if order is None:
        raise NotFound()
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order)
        if order.state in OVER:
            return
        lines = order.lines.all() if line_id is None else order.lines.filter(pk=line_id)
        if lines.filter(shipped_quantity__gt=0).exists():
            raise NotCancellable()
        if line_id is None:
            units, key = None, f"undo:{order_id}"
        else:
            units, key = left_to_ship(lines), f"undo:line:{line_id}"
            if not units:
                return
        words = _told(order, reason)
        cancel(actor=actor, order=order, units=units, reason=words, key=key)


def undo_lines(*, actor: Actor, line_ids: Collection[int], reason: Any) -> dict[int, str]:
    """Refund what is not sent of some lines, with their part of the shipping; see ``undo_orders``.

    What lies beside them in their order stays bought. Returns refusals by line.
    """
    orders = OrderLine.objects.filter(pk__in=line_ids).values_list("id", "order_id")
    found = dict(orders)
    unknown = dict.fromkeys(set(line_ids) - found.keys(), NotFound.code)
    return unknown | _each(
        sorted(found), lambda line_id: _undo(actor, found[line_id], reason, line_id)
    )


def difference_due(*, order_line_id: int, unit_amount: int) -> int:
    """Return what :func:`give_back_difference` has to give back for a unit at ``unit_amount``.

    For the units that are not paid back: what a unit costs less, with the tax on top of that, but
    for what went back before. Discounts stay, so there may be less left to give, or nothing.
    """
    line = OrderLine.objects.get(pk=order_line_id)
    fall = (line.unit_amount - unit_amount) * (line.quantity - line.refunded_quantity)
    due = fallen(
        fall=fall,
        goods=line.goods_amount - line.discount_amount,
        tax=max(0, line.tax_amount - line.shipping_tax_amount),
    )
    left = line.paid_amount - line.refunded_amount
    return max(0, min(due - line.lowered_amount, left - 1))


def give_back_difference(
    *, actor: Actor, order_line_id: int, amount: int, key: str, reason: Any
) -> OrderRefund:
    """Give ``amount`` of a paid line back because its price fell since, as a ladder's next rung.

    For rooms above. All units stay bought, at the lower price: what one is worth when it goes back
    later is reckoned from that. Else it is a refund like any other: locks, posts and emits what
    ``grant_refund`` does, commissions are reversed in proportion. ``reason`` is told in the buyer's
    language. Repeatable by ``key``; IdempotencyMismatch when it stands for another refund. Raises
    NotFound, Conflict ``not_refundable``, Invalid ``refund_too_much`` when no price would be left.
    """
    line = OrderLine.objects.select_related("order__checkout", "order__shop")
    found = line.filter(pk=order_line_id).first()
    if found is None:
        raise NotFound()
    order, words = found.order, _told(found.order, reason)
    parts = {found.pk: amount}
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order)
        if known := OrderRefund.objects.filter(key=key).first():
            check_same(known, order, amount=amount, reason=words, lines=parts)
            return known
        check_refundable(order, words)
        left = {one.key: one.left for one in refundable_lines(order)}
        if not 0 < amount < left[found.pk]:
            told = _("More than what is left of a line.")
            raise Invalid(fields={"amount": told}, code="refund_too_much")
        refund = create_refund(order, parts, reason=words, key=key, by=actor.kind, restock=False)
        goods = take_from_lines(order, refund, parts, of=GOODS)
        OrderLine.objects.filter(pk=found.pk).update(lowered_amount=F("lowered_amount") + amount)
        pay_back(actor=actor, order=order, refund=refund, goods=goods, lowered=parts)
    return refund


def _told(order: Order, reason: Any) -> str:
    with translation.override(order.checkout.language):
        return str(reason)[:200]
