"""Points in a purchase: spent as a step of its price, earned by it, both undone with refunds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Exists, OuterRef

from banyan.entitlements import actions as entitlements
from banyan.entitlements.actions.points import Wanted
from banyan.entitlements.models import PointsLot
from banyan.entitlements.purses import gives_points, purse_ids
from banyan.entitlements.rules import Purse, Spending, spend
from banyan.kernel import clock, locks
from banyan.kernel.actors import Actor
from banyan.kernel.locks import LockKey
from banyan.kernel.sweeps import sweep

from ..models import Order, OrderLine, Return
from ..queries import terms_of
from ..rules import POINTS, Discount, LineInput, RefundableLine
from ..states import OPEN_RETURN
from .refundable import refundable_lines


@dataclass(frozen=True, slots=True)
class Points:
    """The points of a quote: what the member has, what may be used, and whether it shall be."""

    purses: Mapping[int, Purse] = field(default_factory=dict)
    offered: tuple[Spending, ...] = ()
    wanted: bool = True

    @property
    def used(self) -> tuple[Spending, ...]:
        """What the purchase is paid with."""
        return self.offered if self.wanted else ()

    def discounts(self) -> list[Discount]:
        """Return what they take off, as pricing takes it; the shop bears it."""
        return [Discount(POINTS, "", one.amounts, "shop") for one in self.used]

    def purse_ids(self) -> list[int]:
        """Return the purses that are taken from."""
        return [one.purse.purse_id for one in self.used]


def points_for(
    *,
    purses: Mapping[int, Purse],
    wanted: bool,
    inputs: Sequence[LineInput],
    discounts: Iterable[Discount],
) -> Points:
    """Return the most points that may pay for the goods of each shop, after ``discounts``.

    Pooled lines are left alone: their price is another page's.
    """
    shops: dict[int, dict[int, int]] = {}
    for line in inputs:
        if line.shop_id in purses and not line.is_pooled:
            shops.setdefault(line.shop_id, {})[line.key] = line.unit_amount * line.quantity
    if not shops:
        return Points(purses, (), wanted)
    for discount in discounts:
        for goods in shops.values():
            for key in goods:
                goods[key] -= discount.amounts.get(key, 0)
    found = (spend(purses[shop_id], goods) for shop_id, goods in shops.items())
    return Points(purses, tuple(one for one in found if one is not None), wanted)


def pay_with_points(*, actor: Actor, points: Points, orders: Sequence[Order]) -> None:
    """Reserve the points of a purchase that is just placed. Raises PointsGone."""
    if not points.used:
        return
    by_shop = {order.shop_id: order for order in orders}
    wanted = [
        Wanted(one, by_shop[one.purse.shop_id].pk, by_shop[one.purse.shop_id].number)
        for one in points.used
    ]
    entitlements.reserve_points(actor=actor, checkout_id=orders[0].checkout_id, wanted=wanted)


def with_points(lines: Iterable[OrderLine]) -> bool:
    """Tell whether lines are paid with points; their prices say so, no statement."""
    return any(points_in(line) for line in lines)


def points_in(line: OrderLine) -> int:
    """Return what points took off a line."""
    return -sum(int(step["amount"]) for step in line.price if step["step"] == POINTS)


def locks_of_points(order: Order) -> list[LockKey]:
    """Return the locks that an order's points need. One statement, none for guests."""
    buyer_id = order.checkout.buyer_id
    if buyer_id is None:
        return []
    return entitlements.points_locks(purse_ids(buyer_id, order.shop_id))


def even_out(*, actor: Actor, order: Order) -> None:
    """Give back and take back points as far as the money for the order's goods was paid back.

    Points and money go back in proportion of the line, on running totals: repeatable. Where only
    the price fell, they stay as they were used. The caller holds the order and
    :func:`locks_of_points`.
    """
    if order.checkout.buyer_id is None:
        return
    lines = list(order.lines.filter(replaces_id=None))
    known = {line.key: line for line in refundable_lines(order)}
    spent = {line.pk: points_in(line) for line in lines}
    if any(spent.values()):
        back = sum(_returned(known[pk], amount) for pk, amount in spent.items())
        entitlements.give_back_points(
            actor=actor, order_id=order.pk, back=back, whole=sum(spent.values())
        )
    _take_back(actor, order, [known[line.pk] for line in lines])


def _take_back(actor: Actor, order: Order, lines: Sequence[RefundableLine]) -> None:
    whole = sum(line.net for line in lines)
    if whole:
        kept = whole - sum(_part_back(line, line.net) for line in lines)
        entitlements.take_back_points(actor=actor, order_id=order.pk, kept=kept, whole=whole)


def _returned(line: RefundableLine, amount: int) -> int:
    """Return the part of ``amount`` that went back with the goods: a price that fell is none."""
    if line.goods_price:
        return amount * line.goods_returned // line.goods_price
    return amount * line.refunded_quantity // line.quantity


def _part_back(line: RefundableLine, amount: int) -> int:
    """Return the part of ``amount`` that went back; by units where the goods cost no money."""
    if line.goods_paid:
        return amount * line.goods_back // line.goods_paid
    return amount * line.refunded_quantity // line.quantity


def grant_for(*, actor: Actor, order_id: int, shop_id: int) -> None:
    """Grant the points that a paid order earns, frozen. Repeatable; guests earn none.

    What was refunded in the meantime is taken back at once. One statement where the shop has no
    points to give.
    """
    if not gives_points(shop_id):
        return
    order = Order.objects.select_related("checkout").get(pk=order_id)
    if order.checkout.buyer_id is None:
        return
    lines = list(order.lines.filter(replaces_id=None))
    entitlements.grant_points(
        account_id=order.checkout.buyer_id,
        shop_id=order.shop_id,
        currency=order.currency,
        order_id=order.pk,
        order_number=order.number,
        paid=sum(line.net_amount for line in lines),
    )
    if order.refunded_amount:
        ids = {line.pk for line in lines}
        _take_back(actor, order, [one for one in refundable_lines(order) if one.key in ids])


def thaw(*, order_id: int) -> None:
    """Say when a received order's points can be spent: after its shop's return window."""
    order = Order.objects.get(pk=order_id)
    received = order.received_at or clock.now()
    days = dt.timedelta(days=terms_of(order.shop_id).return_days)
    entitlements.receive_points(order_id=order.pk, available_at=received + days)


def ripen_due(*, actor: Actor) -> int:
    """Let points be spent whose time has come, less what was refunded. Returns how many lots.

    Not those of an order of which something is on its way back.
    """
    coming = Return.objects.filter(order_id=OuterRef("order_id"), state__in=OPEN_RETURN)
    due = PointsLot.objects.filter(~Exists(coming), state="granted", available_at__lte=clock.now())

    def ripen(lot_id: int) -> int:
        lot = PointsLot.objects.get(pk=lot_id)
        assert lot.order_id is not None
        _ripen(actor, lot.order_id)
        return 1

    return sweep("orders.ripen", due, ripen, by="available_at")


def _ripen(actor: Actor, order_id: int) -> None:
    order = Order.objects.select_related("checkout").get(pk=order_id)
    with transaction.atomic():
        locks.take([LockKey("order", order.pk), *locks_of_points(order)])
        even_out(actor=actor, order=order)
        entitlements.ripen_points(actor=actor, order_id=order.pk)
