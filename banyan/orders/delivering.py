"""What orders do after something without a parcel was handed over, fell short or was used."""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.delivery.events import (
    FellShort,
    HandedOver,
    VoucherExpired,
    VoucherExpiring,
    VoucherRedeemed,
)
from banyan.delivery.models import Voucher
from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.kinds import Happening

from .actions import receive_delivered, refund_missing
from .events import OrderRefunded, OrderUnitsCancelled
from .telling import notice, order_of, write

CONSUMER = "orders.delivering"
US = Actor.system("orders.delivering")


@events.subscribe(FellShort, consumer=CONSUMER)
def refund(event: FellShort, meta: Meta) -> None:
    """Give the money of what was missing back; the refund tells the buyer itself."""
    refund_missing(actor=US, order_id=event.order_id)


@events.subscribe(HandedOver, consumer=CONSUMER)
def complete(event: HandedOver, meta: Meta) -> None:
    """An order of nothing but files and keys has arrived."""
    receive_delivered(actor=US, order_id=event.order_id)


@events.subscribe(VoucherRedeemed, consumer=CONSUMER)
def complete_used(event: VoucherRedeemed, meta: Meta) -> None:
    """An order whose last voucher was used has arrived."""
    receive_delivered(actor=US, order_id=event.order_id)


@events.subscribe(VoucherExpired, consumer=CONSUMER)
def complete_expired(event: VoucherExpired, meta: Meta) -> None:
    """An order whose last voucher ended unused has run its course."""
    receive_delivered(actor=US, order_id=event.order_id)


@events.subscribe(OrderUnitsCancelled, consumer=CONSUMER)
def complete_without_its_parcel(event: OrderUnitsCancelled, meta: Meta) -> None:
    """An order whose parcel was cancelled has arrived, if all that was beside it was used."""
    receive_delivered(actor=US, order_id=event.order_id)


@events.subscribe(OrderRefunded, consumer=CONSUMER)
def complete_refunded(event: OrderRefunded, meta: Meta) -> None:
    """So has one whose last parcel, or last unused voucher, was paid back."""
    receive_delivered(actor=US, order_id=event.order_id)


@events.subscribe(HandedOver, consumer="orders.tell_delivered")
def tell(event: HandedOver, meta: Meta) -> None:
    """Write to the buyer where the files, keys or vouchers are; never what they are."""
    order = order_of(event.order_id)
    write(order.checkout, "delivery.ready", meta, {"shop": order.shop.name}, of=f"{order.pk}")
    notice(order, "delivery.ready", f"delivery.ready:{order.pk}")


@events.subscribe(VoucherExpiring, consumer="orders.tell_delivered")
def remind(event: VoucherExpiring, meta: Meta) -> None:
    """Remind the holder that a voucher ends soon."""
    order = order_of(event.order_id)
    voucher = Voucher.objects.get(pk=event.voucher_id)
    context = {
        "shop": order.shop.name,
        "title": voucher.title,
        "until": voucher.valid_until or "",
    }
    # It is redeemed at the shop, so by the shop's clock.
    zone, of = order.shop.timezone, f"{voucher.line_id}"
    write(order.checkout, "voucher.expiring", meta, context, of=of, zone=zone)
    notice(order, "voucher.expiring", f"voucher.expiring:{voucher.line_id}")


def _ready(happening: Happening) -> str:
    return _("What you bought from %(shop)s is ready.") % happening.data


def _expiring(happening: Happening) -> str:
    return _("Your voucher from %(shop)s ends soon.") % happening.data


kinds.register("delivery.ready", _ready, icon="receipt", family="orders")
kinds.register("voucher.expiring", _expiring, icon="tag", family="ending")
