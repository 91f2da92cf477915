"""Whose open pages an order concerns: the shop's, the buyer's, and those of who shared it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models.functions import Coalesce

from banyan.kernel import topics

from . import events
from .models import OrderLine

EVENTS = (
    events.OrderPlaced,
    events.OrderPaid,
    events.OrderExpired,
    events.OrderCancelled,
    events.OrderShipped,
    events.OrderReceived,
    events.OrderRefunded,
    events.OrderRefundSettled,
)


def register() -> None:
    """Called when the application starts."""
    for event in EVENTS:
        topics.announce(event, _of_order)


def _of_order(event: events.OrderPlaced) -> Iterator[str]:
    yield f"shop:{event.shop_id}"
    yield f"checkout:{event.checkout_id}"
    shared = OrderLine.objects.filter(order_id=event.order_id, link__isnull=False)
    for root in shared.values_list(Coalesce("link__root_id", "link_id"), flat=True).distinct():
        yield f"tree:{root}"
