"""Shipping in parts, and receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from banyan.catalog.actions import stock_locks
from banyan.catalog.rules import IN_PARCELS
from banyan.delivery.queries import vouchers_waiting
from banyan.kernel import clock, events, locks
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.kernel.states import transition
from banyan.kernel.sweeps import MOST, PIECE, sweep

from ..access import get_order_for_buyer, get_order_for_staff
from ..events import OrderParcelCorrected, OrderReceived, OrderShipped
from ..models import Order, Return, Shipment, ShipmentLine
from ..ports import argued_about, holds_on
from ..queries import terms_of
from ..states import CAN_SEND, OPEN_RETURN, ORDER
from . import units as unit
from .acts import note_act
from .holding import check_may_leave, to_hand_over

EXTENSION = dt.timedelta(days=3)


def ship(
    *,
    actor: Actor,
    order_id: int,
    carrier: str,
    tracking: str = "",
    units: unit.Units | None = None,
    key: str = "",
) -> Shipment:
    """Send a parcel with ``units`` (line id -> number), or with all that is left and may leave.

    Locks stock and order. The order is shipped when nothing is left. Emits order.shipped. A second
    call with the same ``key`` returns the first one's parcel; without units, the parcel of this
    carrier and number once all is sent. Raises Conflict ``not_paid``, ``order_waits``,
    ``units_gone``, and ``already_sent`` where all went in other parcels.
    """
    carrier, tracking = _checked(carrier, tracking)
    order = get_order_for_staff(actor, order_id)
    with transaction.atomic(), caused_by(order.checkout_id):
        lines = unit.parcel_lines(order)
        locks.take([*stock_locks(x.variant_id for x in lines), LockKey("order", order.pk)])
        order.refresh_from_db()
        every = unit.lines_of(order)
        lines = [line for line in every if line.kind in IN_PARCELS]
        locks.check_again(stock_locks(x.variant_id for x in lines))
        left = unit.left_to_ship(lines)
        if key:
            before = order.shipments.filter(key=key).first()
        else:
            before = None if units is not None or left else _sent_as(order, carrier, tracking)
        if before is not None:
            return before
        if not lines:
            raise Conflict(_("Nothing of this order is sent."), code="nothing_to_ship")
        if order.state not in CAN_SEND:
            raise Conflict(_("Only a paid order can be shipped."), code="not_paid")
        held = holds_on(every)
        free = {line_id: n for line_id, n in left.items() if line_id not in held}
        wanted = unit.check_units((free or left) if units is None else units, lines)
        check_may_leave(held, wanted)
        unit.ship_units(order, wanted)
        shipment = _pack(order, carrier, tracking, key, wanted)
        settle(actor=actor, order=order)
        events.emit(
            OrderShipped(
                order_id=order.pk,
                checkout_id=order.checkout_id,
                shop_id=order.shop_id,
                shipment_id=shipment.pk,
            ),
            actor=actor,
        )
        note_act(actor, order, "order.ship", detail={"parcel": str(shipment.pk)})
    return shipment


def correct_parcel(
    *, actor: Actor, order_id: int, shipment_id: int, carrier: str, tracking: str = ""
) -> Shipment:
    """Put a parcel's carrier or number right, for those who work in the shop; written down.

    Emits order.parcel_corrected, by which the buyer is told again; nothing where both are the same.
    Locks order. Raises NotFound for a parcel of another order.
    """
    carrier, tracking = _checked(carrier, tracking)
    order = get_order_for_staff(actor, order_id)
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk)])
        parcel = order.shipments.filter(pk=shipment_id).first()
        if parcel is None:
            raise NotFound()
        before = f"{parcel.carrier} {parcel.tracking}".strip()
        if (parcel.carrier, parcel.tracking) == (carrier, tracking):
            return parcel
        parcel.carrier, parcel.tracking = carrier, tracking
        parcel.save(update_fields=["carrier", "tracking"])
        change = f"{before} → {carrier} {tracking}".strip()
        note_act(actor, order, "order.parcel", detail={"change": change})
        corrected = OrderParcelCorrected(
            order_id=order.pk,
            checkout_id=order.checkout_id,
            shop_id=order.shop_id,
            shipment_id=parcel.pk,
        )
        events.emit(corrected, actor=actor)
    return parcel


def _checked(carrier: str, tracking: str) -> tuple[str, str]:
    carrier, tracking = carrier.strip(), tracking.strip()
    fields = {}
    if not 1 <= len(carrier) <= 40 or not carrier.isprintable():
        fields["carrier"] = _("Name the carrier.")
    if len(tracking) > 60 or not tracking.isprintable():
        fields["tracking"] = _("At most 60 letters and digits.")
    if fields:
        raise Invalid(fields=fields)
    return carrier, tracking


def _sent_as(order: Order, carrier: str, tracking: str) -> Shipment | None:
    """Return the parcel that an order of which nothing is left went in; None without any.

    Refuses any other than those it went in: its number would reach nobody.
    """
    sent = list(order.shipments.order_by("-id"))
    same = [each for each in sent if (each.carrier, each.tracking) == (carrier, tracking)]
    if same or not sent:
        return same[0] if same else None
    parcel = f"{sent[0].carrier} {sent[0].tracking}".strip()
    raise Conflict(
        _("It is sent already: %(parcel)s. Put that right on the order's page.")
        % {"parcel": parcel},
        code="already_sent",
    )


def _pack(order: Order, carrier: str, tracking: str, key: str, units: unit.Units) -> Shipment:
    shipment = Shipment.objects.create(
        order=order, carrier=carrier, tracking=tracking, key=key, shipped_at=clock.now()
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, line_id=line_id, quantity=n) for line_id, n in units.items()
    )
    return shipment


def settle(*, actor: Actor, order: Order) -> None:
    """Move a paid order on once nothing of it is left to send: shipped, if anything was.

    Not while something that needs no parcel still waits to be handed over. The caller holds the
    order's lock.
    """
    if order.state != "paid":
        return
    every = unit.lines_of(order)
    lines = [line for line in every if line.kind in IN_PARCELS]
    if unit.left_to_ship(lines) or to_hand_over(every):
        return
    if not any(line.shipped_quantity for line in lines):
        return
    now = clock.now()
    days = dt.timedelta(days=terms_of(order.shop_id).confirm_days)
    transition(ORDER, order, "shipped", actor=actor, shipped_at=now, confirm_at=now + days)


def confirm_receipt(*, actor: Actor, order_id: int, access_token: str = "") -> Order:
    """The buyer has the parcel. Emits order.received; repeatable."""
    order = get_order_for_buyer(actor, order_id, access_token)
    return _receive(actor, order, "buyer", _on_its_way)


def _on_its_way(order: Order) -> bool:
    return order.state == "shipped" or _all_delivered(order)


def _receive(actor: Actor, order: Order, reason: str, may: Callable[[Order], bool]) -> Order:
    """Move an order to received if it ``may``, asked under its lock."""
    received = OrderReceived(
        order_id=order.pk, checkout_id=order.checkout_id, shop_id=order.shop_id
    )
    with transaction.atomic():
        locks.take([LockKey("order", order.pk), *events.locks_for(received)])
        order.refresh_from_db()
        if order.state == "received":
            return order
        if not may(order):
            raise Conflict(_("This order is not on its way."), code="not_shipped")
        with caused_by(order.checkout_id):
            transition(
                ORDER, order, "received", actor=actor, reason=reason, received_at=clock.now()
            )
            events.emit(received, actor=actor)
    return order


def extend_receipt(*, actor: Actor, order_id: int, access_token: str = "") -> Order:
    """The buyer puts the automatic confirmation off by three days, once. Locks order.

    Repeatable. Raises Conflict ``not_shipped`` when it is not on its way (any more).
    """
    order = get_order_for_buyer(actor, order_id, access_token)
    with transaction.atomic(), caused_by(order.checkout_id):
        locks.take([LockKey("order", order.pk)])
        order.refresh_from_db()
        if order.state != "shipped" or order.confirm_at is None:
            raise Conflict(_("This order is not on its way."), code="not_shipped")
        if not order.confirm_extended:
            order.confirm_at += EXTENSION
            order.confirm_extended = True
            order.save(update_fields=["confirm_at", "confirm_extended"])
    return order


def _all_delivered(order: Order) -> bool:
    """Tell whether a paid order had no parcel to send, gave all, and no voucher is left unused."""
    kept = [line for line in order.lines.all() if line.quantity > line.cancelled_quantity]
    still_to_come = any(line.kind in IN_PARCELS or line.to_ship for line in kept)
    return order.state == "paid" and not still_to_come and not vouchers_waiting(order.pk)


def receive_delivered(*, actor: Actor, order_id: int) -> None:
    """Mark an order without a parcel as received once all of it was handed over or used.

    Files and keys count from the payment on, vouchers once none can be used any more. Orders with
    a parcel are received with that. Emits order.received; repeatable.
    """
    order = Order.objects.select_related("checkout", "shop").get(pk=order_id)
    if _all_delivered(order):
        _receive(actor, order, "delivered", _all_delivered)


def auto_confirm(*, actor: Actor, piece: int = PIECE, most: int = MOST) -> int:
    """Confirm what was sent and never answered in the shop's time; returns how many.

    Not while a return of the order or a dispute about it is open: who argues has not agreed.
    """

    def confirm(order_id: int) -> int:
        _receive(actor, Order.objects.get(pk=order_id), "no answer in time", _still_due)
        return 1

    return sweep("orders.confirm", _due(), confirm, by="confirm_at", piece=piece, most=most)


def _due() -> QuerySet[Order]:
    """Return what can be confirmed now: what somebody argues about is none of it."""
    coming_back = Return.objects.filter(order_id=OuterRef("pk"), state__in=OPEN_RETURN)
    due = Order.objects.filter(~Exists(coming_back), state="shipped", confirm_at__lte=clock.now())
    return due.exclude(argued_about())


def _still_due(order: Order) -> bool:
    """Ask again under the lock: the buyer may have put it off, or begun to argue, meanwhile."""
    return _due().filter(pk=order.pk).exists()
