"""What a buyer asks of a shop after the sale and what it answers: who is told of which.

Returns are told by ``telling``, how a refund ended by ``notices``.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.kernel.money import Money, format_money
from banyan.notify import kinds
from banyan.notify.kinds import Happening

from .events import (
    OrderChanged,
    OrderChargebackMoved,
    OrderFapiaoMoved,
    OrderRefundAsked,
    OrderRefundRefused,
    OrderUnitsCancelled,
)
from .models import OrderChange, OrderRefund
from .telling import notice, order_of, tell_shop, works_there, write

CONSUMER = "orders.answers"


@events.subscribe(OrderRefundAsked, consumer=CONSUMER)
def tell_of_a_wish(event: OrderRefundAsked, meta: Meta) -> None:
    """Tell the shop that somebody asks for money back."""
    tell_shop(order_of(event.order_id), "refund.asked", f"refund.asked:{event.refund_id}")


@events.subscribe(OrderChargebackMoved, consumer=CONSUMER)
def tell_of_a_chargeback(event: OrderChargebackMoved, meta: Meta) -> None:
    """Tell the shop that the payer's bank took money, or gave it back."""
    kind = "order.charged_back" if event.amount else "order.chargeback_over"
    tell_shop(order_of(event.order_id), kind, f"{kind}:{event.order_id}:{event.chargeback_id}")


@events.subscribe(OrderRefundRefused, consumer=CONSUMER)
def tell_of_a_refusal(event: OrderRefundRefused, meta: Meta) -> None:
    """Tell the buyer that the shop turned it down, and where the reason stands."""
    order, url = order_of(event.order_id), f"/refunds/{event.refund_id}"
    refund = OrderRefund.objects.get(pk=event.refund_id)
    context = {
        "amount": format_money(Money(refund.amount, refund.currency), order.checkout.language),
        "shop": order.shop.name,
        "path": f"{url}?o={order.checkout.access_token}",
    }
    write(order.checkout, "refund.refused", meta, context, of=f"{refund.pk}")
    notice(order, "refund.refused", f"refund.refused:{refund.pk}", url=url)


@events.subscribe(OrderFapiaoMoved, consumer=CONSUMER)
def tell_of_a_fapiao(event: OrderFapiaoMoved, meta: Meta) -> None:
    """Tell the shop that one is asked for, and the buyer what became of it."""
    order = order_of(event.order_id)
    if event.state == "asked":
        tell_shop(order, "fapiao.asked", f"fapiao.asked:{order.pk}")
        return
    path = f"/o/{order.checkout.access_token}/{order.pk}/fapiao"
    context = {"shop": order.shop.name, "issued": event.state == "issued", "path": path}
    write(order.checkout, "fapiao.answered", meta, context, of=f"{order.pk}:{meta.id}")
    notice(order, "fapiao.answered", f"fapiao.answered:{order.pk}", url=path)


@events.subscribe(OrderUnitsCancelled, consumer=CONSUMER)
def tell_of_a_cancellation(event: OrderUnitsCancelled, meta: Meta) -> None:
    """Tell the shop what it need not pack any more; not what the platform undoes by its rules."""
    if meta.actor_kind == "system":
        return
    group = f"order.units_cancelled:{event.order_id}"
    tell_shop(order_of(event.order_id), "order.units_cancelled", group, by=meta.actor_id)


@events.subscribe(OrderChanged, consumer=CONSUMER)
def tell_of_a_change(event: OrderChanged, meta: Meta) -> None:
    """Tell the shop what the buyer changed, and the buyer what the shop or support did.

    What money went back for is told by that.
    """
    order, change = order_of(event.order_id), OrderChange.objects.get(pk=event.change_id)
    by_shop = meta.actor_kind == "staff" or works_there(order, meta.actor_id)
    if meta.actor_id == order.checkout.buyer_id or not by_shop:
        tell_shop(order, "order.changed_by_buyer", f"order.changed_by_buyer:{order.pk}")
    elif change.refund_id is None:
        context = {"shop": order.shop.name}
        write(order.checkout, "order.changed", meta, context, of=f"{change.pk}")
        notice(order, "order.changed", f"order.changed:{change.pk}")


def _asked(happening: Happening) -> str:
    return _("%(shop)s: money back is asked for, order %(number)s.") % happening.data


def _refused(happening: Happening) -> str:
    return _("%(shop)s gives no money back for order %(number)s; read why.") % happening.data


def _fapiao_asked(happening: Happening) -> str:
    return _("%(shop)s: a 发票 is asked for, order %(number)s.") % happening.data


def _fapiao_answered(happening: Happening) -> str:
    return _("%(shop)s has answered about your 发票 for order %(number)s.") % happening.data


def _cancelled(happening: Happening) -> str:
    told = _("%(shop)s: something of order %(number)s was cancelled before it was sent.")
    return told % happening.data


def _changed(happening: Happening) -> str:
    return _("%(shop)s has changed your order %(number)s.") % happening.data


def _changed_by_buyer(happening: Happening) -> str:
    return _("%(shop)s: the buyer has changed where order %(number)s goes.") % happening.data


def _charged_back(happening: Happening) -> str:
    told = _("%(shop)s: the payer's bank takes back money of order %(number)s.")
    return told % happening.data


def _chargeback_over(happening: Happening) -> str:
    told = _("%(shop)s: the payer's bank has given back the money of order %(number)s.")
    return told % happening.data


kinds.register("order.charged_back", _charged_back, icon="coin", family="shop")
kinds.register("order.chargeback_over", _chargeback_over, icon="coin", family="shop")
kinds.register("order.changed", _changed, icon="receipt", family="orders")
kinds.register("order.changed_by_buyer", _changed_by_buyer, icon="receipt", family="shop")
kinds.register("refund.asked", _asked, icon="coin", family="shop")
kinds.register("refund.refused", _refused, icon="coin", family="orders")
kinds.register("fapiao.asked", _fapiao_asked, icon="receipt", family="shop")
kinds.register("fapiao.answered", _fapiao_answered, icon="receipt", family="orders")
kinds.register("order.units_cancelled", _cancelled, icon="receipt", family="shop")
