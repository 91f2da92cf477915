"""What begins a play where its owner's wish is not enough: a paid order, or a new day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from banyan.kernel import locks
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.kernel.locks import LockKey
from banyan.kernel.problems import Busy
from banyan.orders.access import get_order_for_buyer
from banyan.orders.models import Order

from .models import Campaign, Instance
from .problems import Refused
from .terms import Terms

ORDER, DAY = "order:", "day:"


@dataclass(frozen=True, slots=True)
class Cause:
    """What an instance is told apart by (see ``Instance.cause``), and the order that it is."""

    key: str | None = None
    order: Order | None = None

    def is_of(self, instance: Instance) -> bool:
        """Tell whether it is what began an instance; days of one person's accounts are the same."""
        if self.key is None or instance.cause is None:
            return False
        if self.key.startswith(DAY):
            return self.key.rpartition(":")[0] == instance.cause.rpartition(":")[0]
        return self.key == instance.cause


def cause_of(
    actor: Actor, campaign: Campaign, terms: Terms, given: Mapping[str, Any], at: dt.datetime
) -> Cause:
    """Return what a play would be begun by. NotFound for an order of somebody else's.

    Raises Refused ``order`` where one is needed and none is given.
    """
    if terms.from_order is not None:
        number = whole(str(given.get("order", "")))
        if number is None:
            raise Refused("order")
        order = get_order_for_buyer(actor, number)
        return Cause(cause_of_order(order.pk), order)
    if terms.is_daily:
        return Cause(f"{DAY}{day_of(campaign, at)}:{actor.id}")
    return Cause()


def day_of(campaign: Campaign, at: dt.datetime) -> dt.date:
    """Return which day it is then in a campaign's shop; on the site for one of the platform."""
    zone = campaign.shop.timezone if campaign.shop else settings.SITE_TIME_ZONE
    return at.astimezone(ZoneInfo(zone)).date()


def cause_of_order(order_id: int) -> str:
    """Return the cause of what an order begins."""
    return f"{ORDER}{order_id}"


def kept_of(order: Order) -> int:
    """Return what an order is worth after what was given back of it, in minor units."""
    return order.total_amount - order.refunded_amount


def brings(campaign: Campaign, terms: Terms, order: Order, at: dt.datetime) -> bool:
    """Tell whether an order brings a play of a campaign now: of its shop, paid in its time."""
    wanted = terms.from_order
    if wanted is None or order.paid_at is None or order.shop_id != campaign.shop_id:
        return False
    until = order.paid_at + dt.timedelta(days=wanted.days)
    in_time = campaign.starts_at <= order.paid_at and at < until
    return in_time and kept_of(order) >= max(1, wanted.least)


def check_brings(campaign: Campaign, terms: Terms, began: Cause, at: dt.datetime) -> None:
    """Raise Refused ``order`` for an order that brings no play now."""
    if began.order is not None and not brings(campaign, terms, began.order, at):
        raise Refused("order", detail=f"order {began.order.pk}")


def check_unchanged(order: Order | None) -> None:
    """Let a refund wait until what its order begins is there, and so is found by it.

    Locks order. Raises Busy where something was given back since ``order`` was read.
    """
    if order is None:
        return
    locks.take([LockKey("order", order.pk)])
    same = Order.objects.filter(pk=order.pk, refunded_amount=order.refunded_amount)
    if not same.exists():
        raise Busy(detail=f"order {order.pk} is refunded just now")
