"""Who is told of what happens to an order: buyers by message and notice, the shop by notice.

How a refund ended is told by ``notices``.

A guest has no other way back than the link, so the receipt carries it. Messages of events that
are long past (a new consumer, a loaded history) are not sent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from banyan.catalog.models import ShopStaff
from banyan.kernel import clock, events
from banyan.kernel.events import Happened, Meta
from banyan.kernel.money import Money, format_money
from banyan.kernel.remembered import remembered
from banyan.notify import kinds
from banyan.notify.actions import Telling, compose, notify, notify_all, notify_each, queue
from banyan.notify.kinds import Happening
from banyan.notify.models import Message

from .events import (
    OrderAnswerDue,
    OrderPaid,
    OrderParcelCorrected,
    OrderRefunded,
    OrderReturnMoved,
    OrderShipped,
    OrderUnanswered,
)
from .models import Checkout, Order, OrderRefund, Return
from .states import BANK

FRESH = dt.timedelta(hours=1)
BY_BUYER = {"asked", "sent", "withdrawn"}
BY_SHOP = {"approved", "refused", "exchanged", "offered"}
BY_CLOCK = {"lapsed"}


@events.subscribe_together(OrderPaid, consumer="orders.tell")
def tell_of_payments(paid: Sequence[Happened[OrderPaid]]) -> None:
    """Send the receipts with the way back, once per purchase; tell the shops, once per order."""
    orders = {order.pk: order for order in _orders([event.order_id for event, _meta in paid])}
    staff: dict[int, list[int]] = {}
    for member in _staff(sorted({order.shop_id for order in orders.values()})):
        staff.setdefault(member.shop_id, []).append(member.account_id)
    receipts, tellings = [], []
    for event, meta in paid:
        order = orders[event.order_id]
        total = {"total": _total(order.checkout)}
        receipts += _messages(order.checkout, "order.receipt", meta, total)
        tellings.append(
            Telling(
                staff.get(order.shop_id, ()),
                kind="order.paid",
                group_key=f"order.paid:{order.pk}",
                url=f"/studio/{order.shop.slug}/orders/{order.pk}",
                data={"number": order.number, "shop": order.shop.name},
                cause=meta.cause,
            )
        )
    queue(receipts)
    notify_all(tellings)


@events.subscribe(OrderShipped, consumer="orders.tell")
def tell_of_a_parcel(event: OrderShipped, meta: Meta) -> None:
    """Tell the buyer that the parcel left, with carrier and number."""
    order = order_of(event.order_id)
    shipment = order.shipments.filter(pk=event.shipment_id or 0).first()
    shipment = shipment or order.shipments.order_by("id").last()
    context = {
        "shop": order.shop.name,
        "carrier": shipment.carrier if shipment else "",
        "tracking": shipment.tracking if shipment else "",
    }
    of = f"{shipment.pk if shipment else order.pk}"
    write(order.checkout, "order.shipped", meta, context, of=of)
    notice(order, "order.shipped", f"order.shipped:{order.pk}")


@events.subscribe(OrderParcelCorrected, consumer="orders.tell")
def tell_of_the_right_number(event: OrderParcelCorrected, meta: Meta) -> None:
    """Write to the buyer once more: what was told them leads nowhere."""
    order = order_of(event.order_id)
    parcel = order.shipments.get(pk=event.shipment_id)
    context = {"shop": order.shop.name, "carrier": parcel.carrier, "tracking": parcel.tracking}
    write(order.checkout, "order.shipped", meta, context, of=f"{parcel.pk}:{meta.id}")
    notice(order, "order.shipped", f"order.shipped:{order.pk}")


@events.subscribe(OrderRefunded, consumer="orders.tell")
def tell_of_a_refund(event: OrderRefunded, meta: Meta) -> None:
    """Tell the buyer that money is on its way back, how much and until when."""
    refund = OrderRefund.objects.select_related("order__checkout", "order__shop").get(
        pk=event.refund_id
    )
    order, checkout = refund.order, refund.order.checkout
    if refund.requested_by == BANK:
        return  # whoever took it tells them
    url = f"/refunds/{refund.pk}"
    context = {
        "amount": format_money(Money(refund.amount, refund.currency), checkout.language),
        "shop": order.shop.name,
        "path": f"{url}?o={checkout.access_token}",
    }
    write(checkout, "order.refunded", meta, context, of=f"{refund.pk}")
    notice(order, "order.refunded", f"order.refunded:{refund.pk}", url=url)


@events.subscribe(OrderReturnMoved, consumer="orders.tell")
def tell_of_a_return(event: OrderReturnMoved, meta: Meta) -> None:
    """Tell the shop what the buyer did, and the buyer what the shop or the clock did."""
    found = Return.objects.select_related("order__checkout", "order__shop").get(pk=event.return_id)
    order, done = found.order, "offered" if event.offered else event.state
    if done in BY_BUYER:
        tell_shop(
            order,
            "return.asked",
            f"return.asked:{found.pk}",
            url=f"/studio/{order.shop.slug}/returns/{found.pk}",
            number=found.number,
        )
    if event.unanswered:
        tell_shop(
            order,
            "return.accepted",
            f"return.asked:{found.pk}",
            url=f"/studio/{order.shop.slug}/returns/{found.pk}",
            number=found.number,
        )
    if done in BY_SHOP | BY_CLOCK:
        token = order.checkout.access_token
        context = {
            "shop": order.shop.name,
            "return": found.number,
            "done": done,
            "path": f"/returns/{found.pk}?o={token}",
        }
        write(order.checkout, "order.return", meta, context, of=f"{found.pk}:{done}")
        kind = "order.return_ended" if done in BY_CLOCK else "order.return"
        notice(order, kind, f"order.return:{found.pk}", url=f"/returns/{found.pk}")


@events.subscribe(OrderAnswerDue, consumer="orders.tell")
def remind_the_shop(event: OrderAnswerDue, meta: Meta) -> None:
    """Tell the shop that a day is left to answer; not where it has answered meanwhile."""
    order = order_of(event.order_id)
    if event.wish == "return":
        asked = Return.objects.get(pk=event.wish_id)
        waits, number = asked.state == "asked", asked.number
        url = f"/studio/{order.shop.slug}/returns/{asked.pk}"
    else:
        waits = OrderRefund.objects.get(pk=event.wish_id).state == "requested"
        url, number = "", order.number
    if waits:
        group = f"answer.due:{event.wish}:{event.wish_id}"
        tell_shop(order, "answer.due", group, url=url, number=number)


@events.subscribe(OrderUnanswered, consumer="orders.tell")
def tell_of_no_answer(event: OrderUnanswered, meta: Meta) -> None:
    """Tell the buyer that the platform decides now. The shop is told of the case."""
    order = order_of(event.order_id)
    token, path = order.checkout.access_token, f"/{event.wish}s/{event.wish_id}"
    context = {"shop": order.shop.name, "done": "escalated", "path": f"{path}?o={token}"}
    of = f"{event.wish}:{event.wish_id}:escalated"
    write(order.checkout, "order.return", meta, context, of=of)
    notice(order, "order.unanswered", f"order.unanswered:{event.wish_id}", url=path)


def order_of(order_id: int) -> Order:
    """Return an order with its checkout and shop."""
    found = _orders.first([order_id])
    if found is None:
        raise Order.DoesNotExist(f"Order {order_id}")
    return found


@remembered
def _orders(order_ids: list[int]) -> QuerySet[Order]:
    return Order.objects.select_related("checkout__buyer", "shop").filter(pk__in=order_ids)


@remembered
def _staff(shop_ids: list[int]) -> QuerySet[ShopStaff]:
    return ShopStaff.objects.filter(shop_id__in=shop_ids)


def _total(checkout: Checkout) -> str:
    return format_money(Money(checkout.total_amount, checkout.currency), checkout.language)


def write(
    checkout: Checkout,
    kind: str,
    meta: Meta,
    context: Mapping[str, Any],
    *,
    of: str = "",
    zone: str = "",
) -> None:
    """Write one message to the buyer, once per ``kind`` and ``of``; not of what is long past."""
    queue(_messages(checkout, kind, meta, context, of=of, zone=zone))


def _messages(
    checkout: Checkout,
    kind: str,
    meta: Meta,
    context: Mapping[str, Any],
    *,
    of: str = "",
    zone: str = "",
) -> list[Message]:
    """Return the message, or none where nobody can be written to."""
    if meta.occurred_at < clock.now() - FRESH:
        return []
    channel, destination = "email", checkout.contact_email
    if not destination and checkout.buyer is not None:
        destination = checkout.buyer.email or ""
    if not destination:
        channel, destination = "sms", checkout.contact_phone
    if not destination:
        return []
    message = compose(
        channel=channel,
        destination=destination,
        kind=kind,
        context={"number": checkout.number, "path": f"/o/{checkout.access_token}", **context},
        language=checkout.language,
        zone=zone,
        key=f"{kind}:{of or checkout.pk}",
        cause_id=checkout.pk,
    )
    return [message]


def notice(order: Order, kind: str, group: str, url: str = "") -> None:
    """Tell a buyer who is a member, on their page; leads to the order unless ``url`` says."""
    if order.checkout.buyer_id is None:
        return
    notify(
        recipient_id=order.checkout.buyer_id,
        kind=kind,
        group_key=group,
        url=url or f"/o/{order.checkout.access_token}",
        data={"number": order.number, "shop": order.shop.name},
    )


def works_there(order: Order, account_id: int | None) -> bool:
    """Tell whether an account works in an order's shop."""
    return any(member.account_id == account_id for member in _staff([order.shop_id]))


def tell_shop(
    order: Order, kind: str, group: str, *, url: str = "", number: str = "", by: int | None = None
) -> None:
    """Tell everybody who works in an order's shop; leads to the order unless ``url`` says.

    ``by`` is who did it, and is not told.
    """
    notify_each(
        recipient_ids=[member.account_id for member in _staff([order.shop_id])],
        kind=kind,
        group_key=group,
        url=url or f"/studio/{order.shop.slug}/orders/{order.pk}",
        data={"number": number or order.number, "shop": order.shop.name},
        actor_id=by,
    )


def _tell_paid(happening: Happening) -> str:
    return _("%(shop)s has a paid order: %(number)s.") % happening.data


def _tell_shipped(happening: Happening) -> str:
    return _("Your parcel from %(shop)s is on its way.") % happening.data


def _tell_refunded(happening: Happening) -> str:
    return _("%(shop)s gives you money back for order %(number)s.") % happening.data


def _tell_return_asked(happening: Happening) -> str:
    return _("%(shop)s: return %(number)s waits for you.") % happening.data


def _tell_return(happening: Happening) -> str:
    return _("%(shop)s has answered your return for order %(number)s.") % happening.data


def _tell_return_ended(happening: Happening) -> str:
    told = _("Nothing of your return for order %(number)s was sent in time, so it has ended.")
    return told % happening.data


def _tell_answer_due(happening: Happening) -> str:
    told = _("%(shop)s: a day is left to answer %(number)s; then it is decided without you.")
    return told % happening.data


def _tell_return_accepted(happening: Happening) -> str:
    told = _("%(shop)s: return %(number)s was not answered in time, so it is agreed to.")
    return told % happening.data


def _tell_unanswered(happening: Happening) -> str:
    told = _("%(shop)s did not answer for order %(number)s in time. The platform decides now.")
    return told % happening.data


kinds.register("answer.due", _tell_answer_due, icon="receipt", family="shop")
kinds.register("return.accepted", _tell_return_accepted, icon="receipt", family="shop")
kinds.register("order.unanswered", _tell_unanswered, icon="receipt", family="orders")
kinds.register("order.return_ended", _tell_return_ended, icon="receipt", family="orders")
kinds.register("return.asked", _tell_return_asked, icon="receipt", family="shop")
kinds.register("order.return", _tell_return, icon="receipt", family="orders")
kinds.register("order.paid", _tell_paid, icon="receipt", family="shop")
kinds.register("order.shipped", _tell_shipped, icon="truck", family="orders")
kinds.register("order.refunded", _tell_refunded, icon="wallet", family="orders")
