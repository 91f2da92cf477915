"""Buying is agreeing to the texts in force; the page of the checkout says so."""

from __future__ import annotations

from banyan.kernel import events
from banyan.kernel.actors import Actor
from banyan.kernel.events import Meta
from banyan.kernel.remembered import get
from banyan.legal.actions import accept

from .events import OrderPlaced
from .models import Checkout

KINDS = ("terms", "privacy", "refund")


@events.subscribe(OrderPlaced, consumer="orders.agreeing")
def record_agreement(event: OrderPlaced, meta: Meta) -> None:
    """Record to which versions the buyer agreed, the guest under the purchase."""
    buyer_id = get(Checkout, event.checkout_id).buyer_id
    who = Actor(kind="member", id=buyer_id) if buyer_id else Actor.guest()
    accept(actor=who, kinds=KINDS, checkout_id=event.checkout_id)
