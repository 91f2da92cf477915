"""Goods that nobody may have any more: no other piece of them is sent in exchange."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q, QuerySet

from banyan.catalog.access import MANAGERS
from banyan.kernel import events
from banyan.kernel.actors import Actor, caused_by

from ..access import get_order_for_staff
from ..models import Order, OrderLine, OrderRefund, Return, ReturnLine
from ..rules import returning
from ..states import OPEN_RETURN
from . import handover
from . import units as unit
from .asking import moved
from .cancelling import bought, close_if_empty
from .exchanging import count_root, give_up_replacements
from .fulfilment import receive_delivered
from .paying_back import (
    create_refund,
    end_if_paid_back,
    lock_for_refund,
    pay_back,
    take_from_lines,
)
from .pointing import even_out
from .proceeds import take_back_unpaid


def with_exchanges(product_id: int) -> QuerySet[Order]:
    """Return the orders in which another piece of a product is wished for, or owed."""
    wished, owed = _wishes(product_id), _owed(product_id)
    return Order.objects.filter(Q(returns__in=wished) | Q(lines__in=owed)).distinct()


def _wishes(product_id: int) -> QuerySet[Return]:
    return Return.objects.filter(
        wish="exchange", state__in=OPEN_RETURN, lines__line__product_id=product_id
    ).distinct()


def _owed(product_id: int) -> QuerySet[OrderLine]:
    """Return the pieces that are to be sent for others which the shop has accepted already."""
    waiting = Q(replaces_in__of__state__in=OPEN_RETURN)
    unsent = Q(quantity__gt=F("shipped_quantity") + F("cancelled_quantity"))
    pieces = OrderLine.objects.filter(unsent, product_id=product_id, replaces__isnull=False)
    return pieces.exclude(waiting)


def end_exchanges(
    *, actor: Actor, order_id: int, product_id: int, reason: str, key: str
) -> OrderRefund | None:
    """Send no other piece of a product in exchange. For the shop's managers and the platform.

    A wish that is open goes on as one for money, and its buyer is told as if the shop had none
    left; what came back already is paid back, with its shipping. Locks as a refund does. Emits
    order.return_moved and order.refunded. Repeatable.
    """
    order = get_order_for_staff(actor, order_id, MANAGERS)
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order)
        for wish in _wishes(product_id).filter(order=order).order_by("id"):
            _pay_for(actor, wish)
        pieces = list(_owed(product_id).filter(order=order).order_by("id"))
        return _pay_owed(actor, order, pieces, reason, key) if pieces else None


def _pay_for(actor: Actor, wish: Return) -> None:
    give_up_replacements(wish)
    wish.wish = "refund"
    wish.save(update_fields=["wish"])
    wish.lines.update(variant=None, replacement=None)
    events.emit(moved(wish).model_copy(update={"offered": True}), actor=actor)


def _pay_owed(
    actor: Actor, order: Order, pieces: list[OrderLine], reason: str, key: str
) -> OrderRefund | None:
    owed = {piece.pk: piece.to_ship for piece in pieces}
    unit.cancel_units(order, owed)
    back: dict[int, int] = {}
    for row in ReturnLine.objects.filter(replacement__in=owed).select_related("line"):
        for root, n in count_root(row, owed[row.replacement_id or 0]).items():
            back[root] = back.get(root, 0) + n
    parts = returning.with_shipping(bought(list(order.lines.order_by("id"))), back)
    unit.count_paid_back(back)
    take_back_unpaid(actor=actor, order=order, units=back)
    if not parts:
        even_out(actor=actor, order=order)
        close_if_empty(actor=actor, order=order)
        return None
    refund = create_refund(
        order, parts, reason=reason, key=key, by=actor.kind, restock=False, units=back
    )
    goods = take_from_lines(order, refund, parts)
    pay_back(actor=actor, order=order, refund=refund, goods=goods, units=back)
    return refund


def void_free(*, actor: Actor, order_id: int, line_ids: Collection[int]) -> None:
    """Void the unused vouchers of lines that cost nothing: no refund does. Repeatable.

    For the shop's managers and the platform. Locks as a refund does; posts what the platform had
    paid for them, see :func:`take_back_unpaid`.
    """
    order = get_order_for_staff(actor, order_id, MANAGERS)
    lines = order.lines.filter(pk__in=line_ids)
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order)
        before = dict(lines.values_list("pk", "refunded_quantity"))
        handover.take_back(actor=actor, order=order, line_ids=line_ids)
        after = dict(lines.values_list("pk", "refunded_quantity"))
        voided = {pk: after[pk] - before[pk] for pk in after}
        take_back_unpaid(actor=actor, order=order, units=voided)
        even_out(actor=actor, order=order)
        end_if_paid_back(actor=actor, order=order)
    receive_delivered(actor=actor, order_id=order_id)
