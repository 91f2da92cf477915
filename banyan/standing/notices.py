"""Who is told: a shop of decisions about it, buyers of what they should not use."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from banyan.catalog.models import Shop, ShopStaff
from banyan.kernel import events
from banyan.kernel.events import Meta
from banyan.notify import kinds
from banyan.notify.actions import notify, notify_each, send
from banyan.notify.kinds import Happening
from banyan.orders.events import OrderCancelled
from banyan.orders.models import Checkout, Order, OrderLine

from .actions.takedowns import TAKEN_DOWN, received_orders
from .events import AppealDecided, PermitDecided, PermitEnded, PermitEnding, ProductTakenDown
from .models import Appeal, Permit, Takedown

CONSUMER = "standing.notices"


@events.subscribe(PermitDecided, consumer=CONSUMER)
def tell_permit(event: PermitDecided, meta: Meta) -> None:
    """Tell the owner what was said of the licence or permit."""
    kind = "permit.granted" if event.granted else "permit.refused"
    _tell_owner(event.shop_id, kind, f"permit:{event.permit_id}", reason=event.reason)


@events.subscribe(PermitEnding, consumer=CONSUMER)
def tell_ending(event: PermitEnding, meta: Meta) -> None:
    """Warn everybody who works in the shop, while there is time for a new one."""
    permit = Permit.objects.select_related("shop").get(pk=event.permit_id)
    staff = ShopStaff.objects.filter(shop_id=event.shop_id).order_by("id")
    notify_each(
        recipient_ids=list(staff.values_list("account_id", flat=True)),
        kind="permit.ending",
        group_key=f"permit.ending:{permit.pk}:{event.last_day}",
        url=f"/studio/{permit.shop.slug}/standing",
        data={
            "shop": permit.shop.name,
            "number": permit.number,
            "day": event.last_day.isoformat(),
        },
    )


@events.subscribe(PermitEnded, consumer=CONSUMER)
def tell_ended(event: PermitEnded, meta: Meta) -> None:
    """Tell the owner that it is time for a new one."""
    number = Permit.objects.get(pk=event.permit_id).number
    _tell_owner(event.shop_id, "permit.ended", f"permit:{event.permit_id}", number=number)


@events.subscribe(AppealDecided, consumer=CONSUMER)
def tell_appeal(event: AppealDecided, meta: Meta) -> None:
    """Tell the owner how the appeal ended."""
    decision = Appeal.objects.get(pk=event.appeal_id).decision
    kind = "appeal.upheld" if event.upheld else "appeal.dismissed"
    _tell_owner(event.shop_id, kind, f"appeal:{event.appeal_id}", reason=decision)


@events.subscribe(ProductTakenDown, consumer=CONSUMER)
def tell_takedown(event: ProductTakenDown, meta: Meta) -> None:
    """Tell the owner, and warn everybody who has it or will get it; once each."""
    found = Takedown.objects.select_related("product").get(pk=event.takedown_id)
    title = found.product.title
    _tell_owner(
        event.shop_id, "product.taken_down", f"takedown:{found.pk}", title=title, reason=found.words
    )
    for order in received_orders(event.product_id):
        _warn(order, found)


@events.subscribe(OrderCancelled, consumer=CONSUMER)
def tell_unpaid(event: OrderCancelled, meta: Meta) -> None:
    """Tell whose unpaid purchase a takedown ended, once: members on their page, guests by mail.

    A purchase of several shops' goods ends as a whole and is told by the order that held it.
    """
    if event.reason != TAKEN_DOWN:
        return
    held = OrderLine.objects.filter(order_id=event.order_id).values("product_id")
    down = Takedown.objects.filter(product_id__in=held).exclude(state="lifted")
    found = down.select_related("product").order_by("-id").first()
    if found is None:
        return  # it was beside the order that held it
    checkout = Checkout.objects.get(pk=event.checkout_id)
    if not _notice(checkout, "order.withdrawn", f"order.withdrawn:{checkout.pk}", found):
        _write(checkout, "order.withdrawn", f"order.withdrawn:{checkout.pk}", found)


def _warn(order: Order, found: Takedown) -> None:
    _notice(order.checkout, "product.recalled", f"recall:{found.pk}", found)
    _write(order.checkout, "product.recalled", f"recall:{found.pk}:{order.pk}", found)


def _notice(checkout: Checkout, kind: str, group: str, found: Takedown) -> bool:
    """Tell a buyer who is a member, on their page; says whether it is one."""
    if checkout.buyer_id is None:
        return False
    notify(
        recipient_id=checkout.buyer_id,
        kind=kind,
        group_key=group,
        url=f"/o/{checkout.access_token}",
        data={"title": found.product.title, "reason": found.words},
    )
    return True


def _write(checkout: Checkout, kind: str, key: str, found: Takedown) -> None:
    channel, destination = "email", checkout.contact_email
    if not destination:
        channel, destination = "sms", checkout.contact_phone
    if destination:
        send(
            channel=channel,
            destination=destination,
            kind=kind,
            context={
                "title": found.product.title,
                "words": found.words,
                "number": checkout.number,
                "path": f"/o/{checkout.access_token}",
            },
            language=checkout.language,
            key=key,
            cause_id=checkout.pk,
        )


def _tell_owner(shop_id: int, kind: str, group: str, **data: Any) -> None:
    shop = Shop.objects.get(pk=shop_id)
    notify(
        recipient_id=shop.owner_id,
        kind=kind,
        group_key=group,
        url=f"/studio/{shop.slug}/standing",
        data={"shop": shop.name, **data},
    )


def _granted(happening: Happening) -> str:
    return _("What %(shop)s showed was looked at and is fine.") % happening.data


def _refused(happening: Happening) -> str:
    return _("What %(shop)s showed was turned down: %(reason)s") % happening.data


def _ending(happening: Happening) -> str:
    told = _(
        "“%(number)s” of %(shop)s is valid until %(day)s. Show a new one in time: "
        "what needs it goes off sale after that day."
    )
    return told % happening.data


def _ended(happening: Happening) -> str:
    told = _(
        "“%(number)s” of %(shop)s is no longer valid: show a new one. What needs it is off sale."
    )
    return told % happening.data


def _upheld(happening: Happening) -> str:
    return _("The appeal of %(shop)s was upheld: %(reason)s") % happening.data


def _dismissed(happening: Happening) -> str:
    return _("The appeal of %(shop)s was dismissed: %(reason)s") % happening.data


def _taken_down(happening: Happening) -> str:
    return _("“%(title)s” was taken down: %(reason)s") % happening.data


def _recalled(happening: Happening) -> str:
    return _("Please do not use “%(title)s” any more: %(reason)s") % happening.data


def _unpaid(happening: Happening) -> str:
    told = _(
        "Your unpaid order has ended, nothing was charged: “%(title)s” was taken down. %(reason)s"
    )
    return told % happening.data


kinds.register("permit.granted", _granted, icon="shop", family="shop")
kinds.register("permit.refused", _refused, icon="shop", family="shop")
kinds.register("permit.ending", _ending, icon="clock", family="shop")
kinds.register("permit.ended", _ended, icon="warn", family="shop")
kinds.register("appeal.upheld", _upheld, icon="shop", family="shop")
kinds.register("appeal.dismissed", _dismissed, icon="shop", family="shop")
kinds.register("product.taken_down", _taken_down, icon="warn", family="shop")
kinds.register("product.recalled", _recalled, icon="warn", family="orders")
kinds.register("order.withdrawn", _unpaid, icon="receipt", family="orders")
