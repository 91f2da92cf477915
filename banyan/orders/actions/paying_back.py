"""Paying back of an order: what every refund does, whoever decided on it and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from django.db.models import F

from banyan.catalog.actions import stock_locks
from banyan.catalog.rules import IN_PARCELS
from banyan.entitlements.actions import locks_of as coupon_locks
from banyan.entitlements.actions import return_coupons, return_rights
from banyan.entitlements.queries import coupon_ids_of, coupons_by_shop
from banyan.entitlements.rights import right_locks
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.states import transition
from banyan.payments import actions as payments
from banyan.sales import actions as sales

from ..events import OrderRefunded
from ..models import Fapiao, Order, OrderLine, OrderRefund
from ..rules import BOTH, goods_part, shipping_part, tax_part
from ..states import FAPIAO, ORDER, REFUND
from . import units as unit
from .exchanging import pay_instead
from .fulfilment import settle
from .pointing import even_out, locks_of_points
from .proceeds import locks_of, take_back, take_back_funded, take_back_unpaid
from .refundable import refundable_lines

PROMISE = dt.timedelta(days=10)


def lock_for_refund(order: Order, *more: LockKey) -> None:
    """Lock :func:`refund_locks` and ``more``, and read the order again.

    Raises Busy when there is more to lock by now: a payment that has made commissions due, another
    piece set aside for an exchange, a line of another kind.
    """
    locks.take([*refund_locks(order), *more])
    order.refresh_from_db()
    locks.check_again(refund_locks(order))


def refund_locks(order: Order) -> list[LockKey]:
    """Return everything that paying back of an order touches, and its stock."""
    lines = list(order.lines.values_list("variant_id", "right_id", "sale_id"))
    keys = [
        *stock_locks(variant_id for variant_id, _right, _sale in lines),
        *right_locks(right_id for _variant, right_id, _sale in lines),
        LockKey("order", order.pk),
        *locks_of(order),
        *locks_of_points(order),
        *events.locks_for(_event(order, 0, {})),
    ]
    if order.checkout.intent_id:
        keys.append(LockKey("payment", order.checkout.intent_id))
    if any(sale_id for _variant, _right, sale_id in lines):
        keys += sales.taken_back_locks(order.checkout_id)
    if order.checkout.coupon_id:
        keys += coupon_locks(coupon_ids_of(order.checkout_id))
    return keys


def create_refund(
    order: Order,
    parts: Mapping[int, int],
    *,
    reason: str,
    key: str,
    by: str,
    restock: bool,
    units: unit.Units = unit.NONE,
    answer_within: dt.timedelta | None = None,
) -> OrderRefund:
    """Write a refund down, not yet on its way; ``answer_within``: so long the shop may think."""
    now = clock.now()
    return OrderRefund.objects.create(
        order=order,
        amount=sum(parts.values()),
        currency=order.currency,
        lines=as_lines(parts, units),
        reason=reason.strip(),
        restock=restock,
        key=key,
        requested_by=by,
        created_at=now,
        due_by=now + PROMISE,
        answer_by=now + answer_within if answer_within else None,
    )


def as_lines(parts: Mapping[int, int], units: unit.Units = unit.NONE) -> list[dict[str, int | str]]:
    """Return parts by line as a refund keeps them."""
    rows: list[dict[str, int | str]] = []
    for line, part in parts.items():
        row: dict[str, int | str] = {"line": str(line), "amount": part}
        if line in units:
            row["quantity"] = units[line]
        rows.append(row)
    return rows


def take_from_lines(
    order: Order, refund: OrderRefund, parts: Mapping[int, int], *, of: str = BOTH
) -> dict[int, int]:
    """Write the refunded figures, their tax and shipping; return the goods of each line's amount.

    ``of``: what is known to go back, see ``rules.refunds``.
    """
    known = {line.key: line for line in refundable_lines(order)}
    goods = {}
    for part in refund.lines:
        line, amount = known[int(part["line"])], int(part["amount"])
        if shipping := shipping_part(line, amount, of):
            part["shipping"] = shipping
        part["tax"] = tax_part(line, amount, shipping)
        goods[line.key] = goods_part(line, amount, shipping)
    refund.save(update_fields=["lines"])
    for line_id, amount in parts.items():
        OrderLine.objects.filter(pk=line_id).update(refunded_amount=F("refunded_amount") + amount)
    amount = sum(parts.values())
    Order.objects.filter(pk=order.pk).update(refunded_amount=F("refunded_amount") + amount)
    order.refresh_from_db()
    return goods


def pay_back(
    *,
    actor: Actor,
    order: Order,
    refund: OrderRefund,
    goods: Mapping[int, int],
    units: unit.Units = unit.NONE,
    lowered: Mapping[int, int] | None = None,
) -> None:
    """Send a refund on its way: money, books, earners' part, and the order's end when all is back.

    After :func:`lock_for_refund`; ``goods`` is what :func:`take_from_lines` returned, ``units``
    those that it stands for, ``lowered`` what of it is for none: the price of a line fell. Coupons
    of what was never sent are given back. Posts shop_payable -> clearing; emits order.refunded.
    """
    transition(REFUND, refund, "processing", actor=actor, reason=refund.reason)
    take_back(actor=actor, order=order, refund=refund, lowered=lowered)
    _move_money(actor, order, refund)
    _follow(actor, order, refund, goods, units)


def count_as_paid_back(
    *, actor: Actor, order: Order, refund: OrderRefund, goods: Mapping[int, int]
) -> None:
    """Do what :func:`pay_back` does where the payer's bank has moved the money already."""
    transition(REFUND, refund, "processing", actor=actor, reason=refund.reason)
    transition(REFUND, refund, "succeeded", actor=actor, settled_at=clock.now())
    take_back_funded(actor=actor, order=order, refund=refund)
    _follow(actor, order, refund, goods, unit.NONE)


def _follow(
    actor: Actor, order: Order, refund: OrderRefund, goods: Mapping[int, int], units: unit.Units
) -> None:
    even_out(actor=actor, order=order)
    _end_answered_wishes(actor, order)
    events.emit(_event(order, refund.pk, goods, refund.amount, units), actor=actor)
    whole = order.refunded_amount == order.total_amount
    if whole:
        paid = [line.pk for line in order.lines.filter(replaces=None) if line.paid_amount]
        send_no_more(actor, order, paid)
    end_if_paid_back(actor=actor, order=order)


def end_if_paid_back(*, actor: Actor, order: Order) -> None:
    """Close an order of which all is paid back and nothing is kept, else move it on.

    The caller holds its locks.
    """
    whole = order.refunded_amount == order.total_amount
    if whole and not _keeps_free_units(order):
        close(actor=actor, order=order, reason="refunded in full")
    else:
        settle(actor=actor, order=order)


def _end_answered_wishes(actor: Actor, order: Order) -> None:
    """Let nobody answer what this refund has answered: a wish for the same money, a larger 发票."""
    spent = {line.key for line in refundable_lines(order) if not line.left}
    for asked in order.refunds.filter(state="requested"):
        if {int(part["line"]) for part in asked.lines} <= spent:
            transition(REFUND, asked, "withdrawn", actor=actor, settled_at=clock.now())
    wanted = Fapiao.objects.defer("file").filter(order=order, state="asked").first()
    if wanted is None:
        return
    if left := order.total_amount - order.refunded_amount:
        Fapiao.objects.filter(pk=wanted.pk).update(amount=left)
    else:
        transition(FAPIAO, wanted, "withdrawn", actor=actor, settled_at=clock.now())


def send_no_more(actor: Actor, order: Order, paid_back: Collection[int]) -> None:
    """Free what is still to be sent of lines that are paid back in full, and of what replaces them.

    The caller holds the order and the stock.
    """
    pay_instead(order, paid_back)
    theirs = order.lines.filter(pk__in=paid_back) | order.lines.filter(replaces__in=paid_back)
    unsent = {line.pk: line for line in theirs if line.to_ship}
    if not unsent:
        return
    units = {pk: line.to_ship for pk, line in unsent.items()}
    unit.cancel_units(order, units)
    bought = {pk: n for pk, n in units.items() if unsent[pk].replaces_id is None}
    unit.count_paid_back(bought)
    take_back_unpaid(actor=actor, order=order, units=bought)
    back_to_sales(actor, order, units)


def close(*, actor: Actor, order: Order, reason: str) -> None:
    """End an order of which nothing is left, the caller holding its locks; give coupons back.

    The price rights that it was bought by end with it.
    """
    _give_coupons_back(actor, order)
    used = [right_id for right_id in order.lines.values_list("right_id", flat=True) if right_id]
    return_rights(actor=actor, right_ids=used)
    transition(ORDER, order, "closed", actor=actor, reason=reason)


def _keeps_free_units(order: Order) -> bool:
    """Tell whether the buyer still has, or gets, units that cost nothing, and so have no refund."""
    bought = order.lines.filter(replaces=None, refunded_quantity__lt=F("quantity"))
    return any(not line.paid_amount for line in bought)


def _move_money(actor: Actor, order: Order, refund: OrderRefund) -> None:
    assert order.checkout.intent_id is not None  # only what was paid is refunded
    sent = payments.request_refund(
        actor=actor,
        intent_id=order.checkout.intent_id,
        amount=refund.amount,
        reason=refund.reason,
        subject_kind="order_refund",
        subject_id=refund.pk,
        key=f"order_refund:{refund.pk}",
    )
    refund.payment_refund_id = sent.pk
    refund.save(update_fields=["payment_refund_id"])


def back_to_sales(actor: Actor, order: Order, units: unit.Units) -> None:
    """Return units that were bought in a sale and are free again to its buckets."""
    lines = order.lines.filter(pk__in=units).exclude(sale_id=None)
    sold = [(line.variant_id, units[line.pk]) for line in lines if units[line.pk]]
    if sold:
        sales.take_back(
            actor=actor, checkout_id=order.checkout_id, variants=sold, reference=order.number
        )


def _give_coupons_back(actor: Actor, order: Order) -> None:
    """Give back the coupons of an order that was refunded in full before it was sent.

    A shop's with its own order; the platform's with the last order of the purchase.
    """
    if order.shipped_at is not None or not order.checkout.coupon_id:
        return
    if order.lines.filter(kind__in=IN_PARCELS, shipped_quantity__gt=0).exists():
        return
    others = Order.objects.filter(checkout_id=order.checkout_id).exclude(pk=order.pk)
    whole = not others.exclude(state="closed", shipped_at=None).exists()
    back = [
        coupon_id
        for coupon_id, shop_id in coupons_by_shop(order.checkout_id)
        if shop_id == order.shop_id or (shop_id is None and whole)
    ]
    return_coupons(actor=actor, checkout_id=order.checkout_id, coupon_ids=back)


def _event(
    order: Order,
    refund_id: int,
    goods: Mapping[int, int],
    amount: int = 0,
    units: unit.Units = unit.NONE,
) -> OrderRefunded:
    return OrderRefunded(
        order_id=order.pk,
        checkout_id=order.checkout_id,
        shop_id=order.shop_id,
        refund_id=refund_id,
        amount=amount,
        currency=order.currency,
        lines=[(line, part, units.get(line, 0)) for line, part in goods.items()],
    )
