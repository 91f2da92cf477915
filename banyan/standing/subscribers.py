"""What follows from standing's own events."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta

from .actions.takedowns import settle_takedown
from .events import ProductTakenDown

CONSUMER = "standing.takedowns"


@events.subscribe(ProductTakenDown, consumer=CONSUMER)
def settle(event: ProductTakenDown, meta: Meta) -> None:
    """Settle what is open about a product as soon as it is taken down."""
    settle_takedown(actor=Actor.system(CONSUMER), takedown_id=event.takedown_id)
