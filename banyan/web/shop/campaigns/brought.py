"""What a paid order brings its buyer: a play to begin, or the one that it has begun."""

from __future__ import annotations

from collections.abc import Collection

from django.http import HttpRequest

from banyan.campaigns.mechanic import mechanic
from banyan.campaigns.policy.channels import neutral
from banyan.campaigns.queries import Brought, brought_by
from banyan.orders.models import Checkout, Order
from banyan.sharing.channels import channel_of

from ...http import actor


def brought(
    request: HttpRequest, checkout: Checkout, orders: Collection[Order]
) -> dict[int, Brought]:
    """Return what the orders of a purchase bring the reader, by order; nothing where it is not
    theirs, nor in an app that forbids to ask for it."""
    who = actor(request).id
    if who is None or checkout.buyer_id != who:
        return {}
    channel = channel_of(request.headers.get("user-agent", ""), request.headers.get("referer", ""))
    return {
        order_id: one
        for order_id, one in brought_by(orders, buyer_id=who).items()
        if not neutral(mechanic(one.campaign.mechanic).channels, channel)
    }
