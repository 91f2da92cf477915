"""What the market does when an order between members moves on."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.orders.events import OrderReceived, OrderRefunded, OrderUnanswered
from banyan.orders.models import OrderRefund, Return

from .actions.disputes import open_unanswered
from .actions.escrow import end_returned, on_received, received_event

CONSUMER = "market.escrow"
UNANSWERED = "market.unanswered"


@events.subscribe(OrderUnanswered, consumer=UNANSWERED)
def take_to_the_desk(event: OrderUnanswered, meta: Meta) -> None:
    """Open a case about what nobody in a shop answered in time."""
    if event.wish == "return":
        asked = Return.objects.get(pk=event.wish_id)
        number, body = asked.number, asked.text
    else:
        money = OrderRefund.objects.select_related("order").get(pk=event.wish_id)
        number, body = money.order.number, money.reason
    open_unanswered(
        actor=Actor.system(UNANSWERED),
        order_id=event.order_id,
        amount=event.amount,
        number=number,
        body=body,
    )


@events.subscribe(OrderReceived, consumer=CONSUMER)
def begin_window(event: OrderReceived, meta: Meta) -> None:
    """Let the buyer's window begin at the moment of receipt."""
    order = received_event(event)
    if order is not None:
        on_received(actor=Actor.system(CONSUMER), order=order, at=meta.occurred_at)


@events.subscribe(OrderRefunded, consumer=CONSUMER)
def end_what_went_back(event: OrderRefunded, meta: Meta) -> None:
    """Let an escrow of which nothing is left be over."""
    end_returned(actor=Actor.system(CONSUMER), order_id=event.order_id)
