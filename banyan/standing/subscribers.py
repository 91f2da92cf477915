"""What follows from standing's own events."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.events import Meta

from .events import ProductTakenDown
from .jobs import settle

CONSUMER = "standing.takedowns"


@events.subscribe(ProductTakenDown, consumer=CONSUMER)
def settle_soon(event: ProductTakenDown, meta: Meta) -> None:
    """Leave what is open about a product to a job: it locks order after order, each on its own."""
    settle.defer(takedown_id=str(event.takedown_id))
