"""Buyers earn points: granted when an order is paid, to be spent once it was kept."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta

from .actions.pointing import grant_for, thaw
from .events import OrderPaid, OrderReceived

CONSUMER = "orders.points"


@events.subscribe(OrderPaid, consumer=CONSUMER)
def grant_what_was_earned(event: OrderPaid, meta: Meta) -> None:
    """Let a paid order have its points."""
    grant_for(actor=Actor.system(CONSUMER), order_id=event.order_id, shop_id=event.shop_id)


@events.subscribe(OrderReceived, consumer=CONSUMER)
def begin_the_wait(event: OrderReceived, meta: Meta) -> None:
    """Let the return window of a received order's points begin."""
    thaw(order_id=event.order_id)
