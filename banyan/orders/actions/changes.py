"""Changing a paid order: first shown with what it would cost, then done as it was shown, or not.

Nothing becomes dearer by a change; whoever wants more places another order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import EVERYONE, MANAGERS, works_in
from banyan.catalog.actions import allocate, reserve, restock, stock_locks
from banyan.catalog.models import Variant
from banyan.catalog.queries import shipping_zones, tax_zones
from banyan.catalog.rules import IN_PARCELS, Place, nearest
from banyan.kernel import clock, events
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.locks import LockKey
from banyan.kernel.money import split
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.people.rules import clean_address

from ..access import get_order_for, get_order_for_buyer
from ..events import OrderChanged
from ..models import Checkout, Order, OrderChange, OrderLine, OrderRefund
from ..rules import SHIPPING, line_title, returning
from ..states import GRANTED
from .acts import note_act
from .cancelling import bought, cancel, cancellable
from .paying_back import (
    back_to_sales,
    create_refund,
    lock_for_refund,
    pay_back,
    take_from_lines,
)

PRICED_BY = ("country", "level1")
"""What of an address decides on prices: with another one it is another order.

So does a postcode, where a shop has a zone for it: see ``_other_zone``."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall be changed: ``kind`` address, quantity, variant or shipping, and its values."""

    kind: str
    line_id: int = 0
    quantity: int = 0
    variant_id: int = 0
    amount: int = 0
    address: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do: old and new as people read it, and what is paid back for it.

    ``fingerprint`` stands for all that this rests on.
    """

    before: dict[str, Any]
    after: dict[str, Any]
    amount: int
    fingerprint: str


class Upwards(Conflict):
    """The change would cost more."""

    code = "change_upwards"
    message = _("Nothing is added to a paid order: place a new order for it.")


class Moved(Conflict):
    """The order is not what the preview showed."""

    code = "preview_stale"
    message = _("The order has changed meanwhile. Look at it once more.")


def preview_change(*, actor: Actor, order_id: int, wish: Wish, access_token: str = "") -> Preview:
    """Return what a change would do; nothing is written.

    The buyer may change address and telephone until something is sent; the shop's people, too, and
    swap a kind for another of the same price; its managers lower numbers and pay shipping back.
    """
    order = _order_for(actor, order_id, wish, access_token)
    return _preview(order, wish)


def confirm_change(
    *,
    actor: Actor,
    order_id: int,
    wish: Wish,
    fingerprint: str,
    key: str,
    reason: str = "",
    access_token: str = "",
) -> OrderChange:
    """Do what :func:`preview_change` showed.

    Locks as a refund does, and the new stock, or the other orders that go to the same address.

    Repeatable by ``key``. Raises Conflict ``preview_stale`` when anything it rests on has moved;
    SoldOut when the other kind is gone. Written down as a row, and in the shop's list of acts.
    Emits order.changed.
    """
    order = _order_for(actor, order_id, wish, access_token)
    with transaction.atomic(), caused_by(order.checkout_id):
        lock_for_refund(order, *_more_locks(order, wish))
        order.checkout.refresh_from_db()
        known = OrderChange.objects.filter(key=key, order=order).first()
        if known is not None:
            return known
        shown = _preview(order, wish)
        if shown.fingerprint != fingerprint:
            raise Moved()
        refund = _DO[wish.kind](actor, order, wish, shown, key)
        change = OrderChange.objects.create(
            order=order,
            kind=wish.kind,
            before=shown.before,
            after=shown.after,
            amount=shown.amount,
            refund=refund,
            reason=reason.strip()[:200],
            actor_kind=actor.kind,
            actor_id=actor.id,
            key=key,
            created_at=clock.now(),
        )
        note_act(actor, order, "order.change", reason=reason, detail={"kind": wish.kind})
        changed = OrderChanged(
            order_id=order.pk,
            checkout_id=order.checkout_id,
            shop_id=order.shop_id,
            change_id=change.pk,
        )
        events.emit(changed, actor=actor)
    return change


def _more_locks(order: Order, wish: Wish) -> list[LockKey]:
    """Return what a change touches beside the order: the new stock, or all that goes there."""
    if wish.kind == "variant":
        return stock_locks([wish.variant_id])
    if wish.kind == "address":
        others = Order.objects.filter(checkout_id=order.checkout_id).values_list("pk", flat=True)
        return [LockKey("checkout", order.checkout_id), *(LockKey("order", pk) for pk in others)]
    return []


def _order_for(actor: Actor, order_id: int, wish: Wish, access_token: str) -> Order:
    order = get_order_for(actor, order_id, access_token)
    if wish.kind not in _SHOW:
        raise Invalid(code="change_unknown")
    roles = MANAGERS if wish.kind in {"quantity", "shipping"} else EVERYONE
    if works_in(actor, order.shop_id, roles) or actor.has_role("support"):
        _check_own_address(actor, order, wish)
        return order
    if wish.kind != "address":
        raise NotFound()
    return get_order_for_buyer(actor, order_id, access_token)


def _check_own_address(actor: Actor, order: Order, wish: Wish) -> None:
    """Leave an address that other shops send to, too, to the buyer and support."""
    if wish.kind != "address" or actor.has_role("support"):
        return
    if actor.id != order.checkout.buyer_id and order.checkout.orders.count() > 1:
        raise Conflict(
            _("Other shops send to this address, too: ask the buyer to change it."),
            code="address_shared",
        )


def _preview(order: Order, wish: Wish) -> Preview:
    before, after, amount = _SHOW[wish.kind](order, wish)
    lines = order.lines.order_by("id").values_list(
        *("pk", "variant_id", "quantity", "shipped_quantity", "cancelled_quantity"),
        *("refunded_quantity", "refunded_amount"),
    )
    rests_on = [
        order.pk,
        order.state,
        order.refunded_amount,
        [list(line) for line in lines],
        order.checkout.address,
        [wish.kind, wish.line_id, wish.quantity, wish.variant_id, wish.amount],
        [before, after, amount],
    ]
    text = json.dumps(rests_on, sort_keys=True, ensure_ascii=False, default=str)
    return Preview(before, after, amount, hashlib.sha256(text.encode()).hexdigest())


Shown = tuple[dict[str, Any], dict[str, Any], int]


def _show_address(order: Order, wish: Wish) -> Shown:
    if not order.checkout.address:
        raise Conflict(_("Nothing of this order is sent."), code="nothing_to_ship")
    orders = list(order.checkout.orders.all())
    parcels = OrderLine.objects.filter(order__in=orders, kind__in=IN_PARCELS)
    sent = parcels.filter(shipped_quantity__gt=0).exists()
    if order.state != "paid" or sent:
        raise Conflict(
            _("Something is already sent. Write to the shop instead."), code="already_sent"
        )
    # Received with no parcel sent: nothing of it comes in one.
    if any(each.state not in {"paid", "received", "closed"} for each in orders):
        raise Conflict(_("Only a paid order can be changed."), code="not_paid")
    clean, fields = clean_address(dict(order.checkout.address) | dict(wish.address))
    if fields:
        raise Invalid(fields=fields)
    old = order.checkout.address
    moved = any(str(old.get(name, "")) != str(clean.get(name, "")) for name in PRICED_BY)
    if moved or _other_zone({each.shop_id for each in orders}, old, clean):
        raise Conflict(
            _("In another place it may cost something else: cancel it and order anew."),
            code="address_elsewhere",
        )
    return dict(old), dict(clean), 0


def _other_zone(shop_ids: set[int], old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Tell whether another postcode lies in another zone of a shop: of delivery, or of tax."""
    if old.get("postcode", "") == new.get("postcode", ""):
        return False
    before, now = (
        Place(one["country"], one.get("level1", ""), one.get("postcode", "")) for one in (old, new)
    )
    for shop_id in shop_ids:
        sent = [(zone.pk, zone.places) for zone in shipping_zones(shop_id)]
        taxed = [(zone.pk, zone.places) for zone in tax_zones(shop_id)]
        if any(nearest(zones, before) != nearest(zones, now) for zones in (sent, taxed)):
            return True
    return False


def _line_of(order: Order, line_id: int) -> OrderLine:
    line = next((each for each in cancellable(order) if each.pk == line_id), None)
    if line is None:
        raise Conflict(_("This line can no longer be changed."), code="line_fixed")
    return line


def _show_quantity(order: Order, wish: Wish) -> Shown:
    line = _line_of(order, wish.line_id)
    if wish.quantity > line.to_ship:
        raise Upwards()
    if wish.quantity < 0 or wish.quantity == line.to_ship:
        raise Invalid(fields={"quantity": _("Enter a smaller number.")})
    gone = {line.pk: line.to_ship - wish.quantity}
    parts = returning.with_shipping(bought(list(order.lines.order_by("id"))), gone)
    before = {"title": line.title, "quantity": line.to_ship}
    return before, {"title": line.title, "quantity": wish.quantity}, sum(parts.values())


def _show_variant(order: Order, wish: Wish) -> Shown:
    line = _line_of(order, wish.line_id)
    if line.shipped_quantity or line.cancelled_quantity or line.kind not in IN_PARCELS:
        raise Conflict(_("This line can no longer be changed."), code="line_fixed")
    new = Variant.objects.select_related("product").filter(pk=wish.variant_id).first()
    old = line.variant
    if new is None or new.product_id != old.product_id or not new.is_active or new.pk == old.pk:
        raise Invalid(fields={"variant": _("Choose another kind of the same goods.")})
    if new.price_amount > old.price_amount:
        raise Upwards()
    if (new.price_amount, new.currency) != (old.price_amount, old.currency):
        told = _("Choose another kind of the same goods at the same price.")
        raise Invalid(fields={"variant": told}, code="exchange_not_equal")
    return {"title": line.title}, {"title": line_title(new.product.title, new.values)}, 0


def _show_shipping(order: Order, wish: Wish) -> Shown:
    given = sum(each.amount for each in order.changes.filter(kind="shipping"))
    given += _shipping_back(order)
    paid = sum(line.delivery_amount for line in order.lines.all())  # the tax on it, too
    left = min(paid - given, order.total_amount - order.refunded_amount)
    if order.state not in {"paid", "shipped", "received"}:
        raise Conflict(_("This order has nothing to refund."), code="not_refundable")
    if not 0 < wish.amount <= left:
        raise Invalid(
            fields={"amount": _("Not more than the shipping that was paid.")},
            code="refund_too_much",
        )
    return {"shipping": paid - given}, {"shipping": paid - given - wish.amount}, wish.amount


def _shipping_back(order: Order) -> int:
    """Return what of the shipping went back with units."""
    return sum(
        int(part.get("shipping", 0))
        for refund in order.refunds.filter(state__in=GRANTED)
        for part in refund.lines
        if part.get("quantity")
    )


def _do_address(
    actor: Actor, order: Order, wish: Wish, shown: Preview, key: str
) -> OrderRefund | None:
    Checkout.objects.filter(pk=order.checkout_id).update(address=shown.after)
    return None


def _do_quantity(
    actor: Actor, order: Order, wish: Wish, shown: Preview, key: str
) -> OrderRefund | None:
    gone = {wish.line_id: shown.before["quantity"] - wish.quantity}
    return cancel(actor=actor, order=order, units=gone, reason="", key=f"c:{key}"[:80])


def _do_variant(
    actor: Actor, order: Order, wish: Wish, shown: Preview, key: str
) -> OrderRefund | None:
    line = _line_of(order, wish.line_id)
    restock([(line.variant_id, line.quantity)], reference=order.number, shipped=False)
    back_to_sales(actor, order, {line.pk: line.quantity})
    reserve([(wish.variant_id, line.quantity)], reference=order.number)
    allocate([(wish.variant_id, line.quantity)], reference=order.number)
    untouched = OrderLine.objects.filter(
        pk=line.pk, variant_id=line.variant_id, shipped_quantity=0, cancelled_quantity=0
    )
    title = shown.after["title"]
    # What a sale keeps is of one kind: its unit is back in it, and the other one is of no sale.
    if not untouched.update(variant_id=wish.variant_id, title=title, sale_id=None):
        raise Moved()
    return None


def _do_shipping(
    actor: Actor, order: Order, wish: Wish, shown: Preview, key: str
) -> OrderRefund | None:
    lines = bought(list(order.lines.order_by("id")))
    weights = [min(line.shipping, line.left) for line in lines]
    if sum(weights) < wish.amount:  # what was paid back before came out of the same lines
        weights = [line.left for line in lines]
    spread = split(wish.amount, weights)
    parts = {line.key: part for line, part in zip(lines, spread, strict=True) if part}
    refund = create_refund(
        order,
        parts,
        reason=str(_("Shipping paid back")),
        key=f"c:{key}"[:80],
        by=actor.kind,
        restock=False,
    )
    goods = take_from_lines(order, refund, parts, of=SHIPPING)
    pay_back(actor=actor, order=order, refund=refund, goods=goods)
    return refund


_SHOW: dict[str, Callable[[Order, Wish], Shown]] = {
    "address": _show_address,
    "quantity": _show_quantity,
    "variant": _show_variant,
    "shipping": _show_shipping,
}
_DO: dict[str, Callable[[Actor, Order, Wish, Preview, str], OrderRefund | None]] = {
    "address": _do_address,
    "quantity": _do_quantity,
    "variant": _do_variant,
    "shipping": _do_shipping,
}
