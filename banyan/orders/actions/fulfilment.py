"""Shipping and receipt."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import ship_out, stock_locks
from banyan.catalog.rules import IN_PARCELS
from banyan.delivery.queries import vouchers_waiting
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid
from banyan.kernel.states import transition

from ..access import get_order_for_buyer, get_order_for_staff
from ..events import OrderReceived, OrderShipped
from ..models import Order, Shipment
from ..states import ORDER

AUTO_CONFIRM = dt.timedelta(days=10)


def ship(*, actor: Actor, order_id: int, carrier: str, tracking: str = "") -> Shipment:
    """Send the parcel: allocated stock leaves the shelf. Emits order.shipped; repeatable."""
    if not 1 <= len(carrier.strip()) <= 40 or len(tracking) > 60:
        raise Invalid(fields={"carrier": _("Name the carrier.")})
    order = get_order_for_staff(actor, order_id)
    with transaction.atomic():
        parcel = order.lines.filter(kind__in=IN_PARCELS)
        lines = list(parcel.values_list("variant_id", "quantity", "refunded_quantity"))
        if not lines:
            raise Conflict(_("Nothing of this order is sent."), code="nothing_to_ship")
        locks.take([*stock_locks(v for v, *_n in lines), LockKey("order", order.pk)])
        order.refresh_from_db()
        before = order.shipments.first()
        if before is not None:
            return before
        if order.state != "paid":
            raise Conflict(_("Only a paid order can be shipped."), code="not_paid")
        left = [
            (v, n - back)
            for v, n, back in parcel.values_list("variant_id", "quantity", "refunded_quantity")
            if n > back
        ]
        with caused_by(order.checkout_id):
            if left:
                ship_out(left, reference=order.number)
            now = clock.now()
            shipment = Shipment.objects.create(
                order=order, carrier=carrier.strip(), tracking=tracking.strip(), shipped_at=now
            )
            transition(ORDER, order, "shipped", actor=actor, shipped_at=now)
            events.emit(
                OrderShipped(
                    order_id=order.pk, checkout_id=order.checkout_id, shop_id=order.shop_id
                ),
                actor=actor,
            )
    return shipment


def confirm_receipt(*, actor: Actor, order_id: int, access_token: str = "") -> Order:
    """The buyer has the parcel. Emits order.received; repeatable."""
    return _receive(actor, get_order_for_buyer(actor, order_id, access_token), "buyer")


def _receive(actor: Actor, order: Order, reason: str) -> Order:
    received = OrderReceived(
        order_id=order.pk, checkout_id=order.checkout_id, shop_id=order.shop_id
    )
    with transaction.atomic():
        locks.take([LockKey("order", order.pk), *events.locks_for(received)])
        order.refresh_from_db()
        if order.state == "received":
            return order
        if order.state != "shipped" and not _all_delivered(order):
            raise Conflict(_("This order is not on its way."), code="not_shipped")
        with caused_by(order.checkout_id):
            transition(
                ORDER, order, "received", actor=actor, reason=reason, received_at=clock.now()
            )
            events.emit(received, actor=actor)
    return order


def _all_delivered(order: Order) -> bool:
    """Tell whether a paid order had no parcel to send and no voucher is left to be used."""
    by_parcel = order.lines.filter(kind__in=IN_PARCELS).exists()
    return order.state == "paid" and not by_parcel and not vouchers_waiting(order.pk)


def receive_delivered(*, actor: Actor, order_id: int) -> None:
    """Mark an order without a parcel as received once all of it was handed over or used.

    Files and keys count from the payment on, vouchers once none can be used any more. Orders with
    a parcel are received with that. Emits order.received; repeatable.
    """
    order = Order.objects.select_related("checkout", "shop").get(pk=order_id)
    if _all_delivered(order):
        _receive(actor, order, "delivered")


def auto_confirm(*, actor: Actor, limit: int = 200) -> int:
    """Confirm what was shipped ten days ago and never answered; returns how many."""
    due = Order.objects.filter(state="shipped", shipped_at__lte=clock.now() - AUTO_CONFIRM)
    count = 0
    for order in due.order_by("shipped_at")[:limit]:
        _receive(actor, order, "no answer in ten days")
        count += 1
    return count
