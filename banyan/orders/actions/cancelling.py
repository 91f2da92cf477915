"""Cancelling what is paid and not yet sent: free, at once, and nobody has to agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from banyan.catalog.access import MANAGERS
from banyan.catalog.rules import IN_PARCELS
from banyan.kernel import events
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.idempotency import Replay, once
from banyan.kernel.problems import Conflict

from ..access import get_order_for_buyer, get_order_for_staff
from ..events import OrderUnitsCancelled
from ..models import Order, OrderChange, OrderLine, OrderRefund
from ..rules import returning
from . import units as unit
from .fulfilment import settle
from .holding import to_hand_over
from .paying_back import (
    back_to_sales,
    close,
    create_refund,
    lock_for_refund,
    pay_back,
    take_from_lines,
)
from .pointing import even_out
from .proceeds import take_back_unpaid

CLIENT = "orders.cancel"


class NotCancellable(Conflict):
    """The order is sent, or was never paid: there is nothing to cancel."""

    code = "not_cancellable"
    message = gettext_lazy("This is already on its way. You can send it back when it has arrived.")


def bought(lines: list[OrderLine]) -> list[returning.Bought]:
    """Return an order's lines as the rule of paying back sees them; replacements cost nothing."""
    given = _shipping_given(lines)
    return [_bought(line, given[line.pk]) for line in lines if line.replaces_id is None]


def _shipping_given(lines: list[OrderLine]) -> Counter[int]:
    """Return what of the lines' shipping was paid back by a change, apart from any unit."""
    given: Counter[int] = Counter()
    of = {line.order_id for line in lines}
    changes = OrderChange.objects.filter(order__in=of, kind="shipping").select_related("refund")
    for change in changes:
        for part in change.refund.lines if change.refund else []:
            given[int(part["line"])] += int(part["amount"])
    return given


def _bought(line: OrderLine, given: int) -> returning.Bought:
    # Tax on top is a part of what is paid; included tax is in the prices already. What a lower
    # price gave back is no price of a unit any more, and shipping is given once.
    on_shipping = min(line.shipping_tax_amount, line.tax_amount)
    shipping = line.shipping_amount + on_shipping
    given = min(given, shipping)
    return returning.Bought(
        key=line.pk,
        quantity=line.quantity,
        goods=line.goods_amount
        - line.discount_amount
        + line.tax_amount
        - on_shipping
        - line.lowered_amount,
        shipping=shipping - given,
        refunded=line.refunded_amount - line.lowered_amount - given,
        units_back=line.refunded_quantity,
    )


def cancel_order(
    *,
    actor: Actor,
    order_id: int,
    key: str,
    units: unit.Units | None = None,
    reason: str = "",
    access_token: str = "",
) -> OrderRefund | None:
    """The buyer cancels ``units`` (line id -> number) that are not sent, or all of them.

    Refunded at once with their part of the shipping; no shop has to agree. Locks stock, order,
    payment, accounts. Emits order.units_cancelled and order.refunded. Repeatable by ``key``.
    Returns the refund, None when nothing had been paid for them. Raises NotCancellable.
    """
    order = get_order_for_buyer(actor, order_id, access_token)
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order)
        before = OrderRefund.objects.filter(key=key, order=order).first()
        if before is not None:
            return before
        # What cost nothing leaves no refund to know it by.
        first = once(
            client=CLIENT, actor=Actor.system(f"order:{order.pk}"), key=key, fingerprint=""
        )
        if isinstance(first, Replay):
            return None
        refund = cancel(actor=actor, order=order, units=units, reason=reason, key=key)
        first.store({})
    return refund


def cancel(
    *, actor: Actor, order: Order, units: unit.Units | None, reason: str, key: str
) -> OrderRefund | None:
    """Do what :func:`cancel_order` does, with its locks held, for whoever may."""
    lines = cancellable(order)
    left = unit.left_to_ship(lines)
    if not left:
        raise NotCancellable()
    wanted = unit.check_units(left if units is None else units, lines)
    every = list(order.lines.order_by("id"))
    try:
        parts = returning.with_shipping(bought(every), wanted)
    except ValueError as error:
        raise unit.UnitsGone() from error
    unit.cancel_units(order, wanted)
    unit.count_paid_back(wanted)
    take_back_unpaid(actor=actor, order=order, units=wanted)
    back_to_sales(actor, order, wanted)
    events.emit(
        OrderUnitsCancelled(
            order_id=order.pk,
            checkout_id=order.checkout_id,
            shop_id=order.shop_id,
            lines=list(wanted.items()),
        ),
        actor=actor,
    )
    if not parts:
        even_out(actor=actor, order=order)
        close_if_empty(actor=actor, order=order)
        return None
    refund = create_refund(
        order,
        parts,
        reason=reason.strip() or _("Cancelled before it was sent"),
        key=key,
        by="buyer" if _buys(actor, order) else actor.kind,
        restock=True,
        units=wanted,
    )
    goods = take_from_lines(order, refund, parts)
    pay_back(actor=actor, order=order, refund=refund, goods=goods, units=wanted)
    return refund


def _buys(actor: Actor, order: Order) -> bool:
    # A guest has no account, and neither has the system.
    return actor.kind not in {"system", "provider"} and actor.id == order.checkout.buyer_id


def cancel_unsent(
    *, actor: Actor, order_id: int, line_ids: Collection[int], reason: str, key: str
) -> OrderRefund | None:
    """Cancel what of some lines is not sent, for the shop's managers and the platform.

    As :func:`cancel_order`; None also where nothing is left to be sent. Repeatable.
    """
    order = get_order_for_staff(actor, order_id, MANAGERS)
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order)
        lines = [line for line in cancellable(order) if line.pk in line_ids]
        left = unit.left_to_ship(lines)
        if not left:
            return OrderRefund.objects.filter(key=key, order=order).first()
        return cancel(actor=actor, order=order, units=left, reason=reason, key=key)


def cancellable(order: Order) -> list[OrderLine]:
    """Return the lines that may be cancelled: of a paid order, bought as such, sent by parcel.

    Those that wait to be handed over, too.
    """
    if order.state != "paid":
        return []
    lines = [line for line in unit.lines_of(order) if line.replaces_id is None]
    waiting = to_hand_over(lines)
    return [line for line in lines if line.kind in IN_PARCELS or line in waiting]


def close_if_empty(*, actor: Actor, order: Order) -> None:
    """Close an order with nothing left to pay back and of which nothing is left; else move on."""
    left = any(line.cancelled_quantity < line.quantity for line in order.lines.all())
    if not left and order.refunded_amount == order.total_amount:
        close(actor=actor, order=order, reason="cancelled")
    else:
        settle(actor=actor, order=order)
