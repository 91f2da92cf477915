"""Lines that need no parcel: handed over when they are paid, taken back when they are refunded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from banyan.catalog.actions import restock, ship_out
from banyan.catalog.models import Variant
from banyan.catalog.rules import IN_PARCELS
from banyan.delivery import actions as delivery
from banyan.delivery.actions import PaidLine, RefundedLine
from banyan.delivery.queries import shortfalls_of, undeliverable
from banyan.kernel.actors import Actor, caused_by
from banyan.kernel.problems import SoldOut

from ..models import Checkout, Order, OrderLine, OrderRefund
from .proceeds import take_back_unpaid


def needs_parcel(variant_ids: Iterable[int]) -> bool:
    """Tell whether anything of this has to be sent to an address. One statement."""
    ids = set(variant_ids)
    return Variant.objects.filter(pk__in=ids, product__kind__in=IN_PARCELS).exists()


def check_deliverable(variants: Iterable[Variant]) -> None:
    """Refuse what could not be handed over now: no file, or a voucher whose time is over."""
    wanted = [each.pk for each in variants if each.product.kind not in IN_PARCELS]
    if wanted and (missing := undeliverable(wanted)):
        raise SoldOut(
            _("Something in this order cannot be delivered at the moment."),
            code="not_deliverable",
            extra={"variants": [str(variant_id) for variant_id in missing]},
        )


def hand_over(*, actor: Actor, checkout: Checkout, lines: Sequence[OrderLine]) -> None:
    """Hand over what was paid and needs no parcel, as far as it is left; see ``holding``, too.

    Inside the paying transaction; the stock is locked and allocated. What is there leaves the
    shelf at once; what is missing goes back to the pool and is refunded by
    :func:`refund_missing` after the commit.
    """
    paid = {line.pk: line for line in lines if line.kind not in IN_PARCELS}
    if not paid:
        return
    done = delivery.hand_over(
        actor=actor,
        lines=[
            PaidLine(
                line_id=line.pk,
                order_id=line.order_id,
                shop_id=line.order.shop_id,
                variant_id=line.variant_id,
                quantity=line.to_ship,
                title=line.title,
            )
            for line in paid.values()
        ],
    )
    given = [(paid[pk].variant_id, n) for pk, n in done.items() if n]
    if given:
        ship_out(given, reference=checkout.number)
    whole = [pk for pk, n in done.items() if n == paid[pk].to_ship]
    OrderLine.objects.filter(pk__in=whole).update(
        shipped_quantity=F("quantity") - F("cancelled_quantity")
    )
    short = {pk: paid[pk].to_ship - n for pk, n in done.items() if pk not in whole}
    for pk, missing in short.items():
        OrderLine.objects.filter(pk=pk).update(
            shipped_quantity=F("quantity") - F("cancelled_quantity") - missing,
            cancelled_quantity=F("cancelled_quantity") + missing,
            refunded_quantity=F("refunded_quantity") + missing,
        )
    if short:
        missed = [(paid[pk].variant_id, missing) for pk, missing in short.items()]
        restock(missed, reference=checkout.number, shipped=False)
        delivery.settle_pools(variant_id for variant_id, _missing in missed)


def refund_missing(*, actor: Actor, order_id: int) -> None:
    """Give the money of units back that could not be handed over; repeatable, once per line."""
    from .paying_back import lock_for_refund
    from .refunds import grant_refund

    order = Order.objects.select_related("checkout").get(pk=order_id)
    for short in shortfalls_of(order_id):
        line = OrderLine.objects.get(pk=short.line_id)
        # As split() deals it out: the last units of a line bear what does not divide.
        paid = line.paid_amount - line.lowered_amount
        worth = paid - paid * (line.quantity - short.missing) // line.quantity
        if not worth:
            with transaction.atomic(), caused_by(order.checkout_id):
                lock_for_refund(order)
                take_back_unpaid(actor=actor, order=order, units={line.pk: short.missing})
            continue
        key = f"short:{line.pk}"
        amount = min(worth, line.paid_amount - line.refunded_amount)
        if not amount or OrderRefund.objects.filter(key=key).exists():
            continue  # by this, or with all of the line before this came
        with translation.override(order.checkout.language):
            reason = _("There was none left when your payment arrived.")
        grant_refund(
            actor=actor,
            order_id=order_id,
            amount=amount,
            lines={line.pk: amount},
            reason=reason,
            key=key,
        )


def _as_refunded(lines: Iterable[OrderLine], parts: Mapping[int, int]) -> list[RefundedLine]:
    """Return lines with what is refunded of units that were handed over, and of those only."""
    found = []
    for line in lines:
        if line.cancelled_quantity == line.quantity:
            continue
        paid = line.paid_amount - line.lowered_amount
        never = paid * line.cancelled_quantity // line.quantity
        refunded = line.refunded_amount - line.lowered_amount + parts.get(line.pk, 0)
        found.append(
            RefundedLine(
                line_id=line.pk,
                quantity=line.quantity - line.cancelled_quantity,
                paid=paid - never,
                refunded=max(0, refunded - never),
            )
        )
    return found


def _without_parcel(order: Order, line_ids: Iterable[int]) -> list[OrderLine]:
    return list(order.lines.filter(pk__in=list(line_ids)).exclude(kind__in=IN_PARCELS))


def check_wish(order: Order, parts: Mapping[int, int]) -> None:
    """Refuse a buyer's wish for the money of vouchers that were used: ``voucher_redeemed``."""
    delivery.check_returnable(_as_refunded(_without_parcel(order, parts), parts))


def take_back(*, actor: Actor, order: Order, line_ids: Iterable[int]) -> None:
    """Void what a refund covers, in its transaction; unused vouchers can be sold again.

    Those of a sale are in it again, while it lasts. The refunded amounts are written already; stock
    is locked.
    """
    from .paying_back import back_to_sales

    lines = _without_parcel(order, line_ids)
    if not lines:
        return
    voided = delivery.take_back(actor=actor, lines=_as_refunded(lines, {}))
    back = [(line.variant_id, voided[line.pk]) for line in lines if voided.get(line.pk)]
    if back:
        restock(back, reference=order.number, shipped=True)
        back_to_sales(actor, order, voided)
    for line_id, n in voided.items():
        OrderLine.objects.filter(pk=line_id).update(refunded_quantity=F("refunded_quantity") + n)
