"""Buyers earn points: granted when an order is paid, to be spent once it was kept."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.entitlements.purses import gives_points
from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta

from .actions.pointing import grant_for, thaw
from .events import OrderPaid, OrderReceived

CONSUMER = "orders.points"


def _at_giving_shops(paid: Sequence[OrderPaid]) -> list[OrderPaid]:
    giving = {shop_id for shop_id in {event.shop_id for event in paid} if gives_points(shop_id)}
    return [event for event in paid if event.shop_id in giving]


@events.subscribe(OrderPaid, consumer=CONSUMER, sieve=_at_giving_shops)
def grant_what_was_earned(event: OrderPaid, meta: Meta) -> None:
    """Let a paid order have its points."""
    grant_for(actor=Actor.system(CONSUMER), order_id=event.order_id, shop_id=event.shop_id)


@events.subscribe(OrderReceived, consumer=CONSUMER)
def begin_the_wait(event: OrderReceived, meta: Meta) -> None:
    """Let the return window of a received order's points begin."""
    thaw(order_id=event.order_id)
