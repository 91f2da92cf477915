"""Whose open pages an order concerns: the shop's, the buyer's, and those of who shared it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from django.db.models import QuerySet

from banyan.kernel import topics
from banyan.kernel.remembered import remembered

from . import events
from .models import OrderLine

EVENTS = (
    events.OrderPlaced,
    events.OrderPaid,
    events.OrderExpired,
    events.OrderCancelled,
    events.OrderShipped,
    events.OrderParcelCorrected,
    events.OrderUnitsCancelled,
    events.OrderChanged,
    events.OrderChargebackMoved,
    events.OrderReceived,
    events.OrderRefunded,
    events.OrderRefundAsked,
    events.OrderRefundRefused,
    events.OrderRefundSettled,
    events.OrderReturnMoved,
    events.OrderUnanswered,
)


def register() -> None:
    """Called when the application starts."""
    for event in EVENTS:
        topics.announce(event, _of_order)


def _of_order(event: events.OrderPlaced) -> Iterator[str]:
    yield f"shop:{event.shop_id}"
    yield f"checkout:{event.checkout_id}"
    for root in _trees(event.order_id):
        yield f"tree:{root}"


@lru_cache(maxsize=2048)
def _trees(order_id: int) -> frozenset[int]:
    """Return the roots of the links that brought an order's lines: for good, since placement."""
    return frozenset(
        line.link.root_id or line.link.pk for line in _shared(order_id) if line.link is not None
    )


@remembered
def _shared(order_id: int) -> QuerySet[OrderLine]:
    shared = OrderLine.objects.filter(order_id=order_id, link__isnull=False)
    return shared.select_related("link").only("link__root")
