"""What the market does when an order between members moves on."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.orders.events import OrderReceived

from .actions.escrow import on_received, received_event

CONSUMER = "market.escrow"


@events.subscribe(OrderReceived, consumer=CONSUMER)
def begin_window(event: OrderReceived, meta: Meta) -> None:
    """Let the buyer's window begin at the moment of receipt."""
    order = received_event(event)
    if order is not None:
        on_received(actor=Actor.system(CONSUMER), order=order, at=meta.occurred_at)
