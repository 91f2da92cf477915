"""Buying is agreeing to the texts in force; the page of the checkout says so."""

from __future__ import annotations

from collections.abc import Sequence

from banyan.kernel import events
from banyan.kernel.events import Happened
from banyan.legal.actions import accept_each

from .events import OrderPlaced
from .reading import checkouts

KINDS = ("terms", "privacy", "refund")


@events.subscribe_together(OrderPlaced, consumer="orders.agreeing")
def record_agreement(placed: Sequence[Happened[OrderPlaced]]) -> None:
    """Record to which versions the buyers agreed, the guests under their purchases."""
    bought = checkouts(sorted({event.checkout_id for event, _meta in placed}))
    accept_each(who=[(one.buyer_id, one.pk) for one in bought], kinds=KINDS)
