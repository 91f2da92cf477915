"""The only way to the market's rows that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import Exists, F, OuterRef, QuerySet

from banyan.catalog.access import visible_products, works_in
from banyan.catalog.models import Stock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.orders.access import get_order_for
from banyan.people.access import not_blocked

from .models import Dispute, Listing

OFFICE = ("support", "finance")


def unsold() -> Exists:
    """Return the condition that a listing's one thing is there and not paid for.

    What somebody is about to pay for may come free again.
    """
    there = Stock.objects.filter(variant__product_id=OuterRef("product_id"))
    return Exists(there.filter(variant__is_active=True, on_hand__gt=F("allocated")))


def visible_listings(viewer: Actor) -> QuerySet[Listing]:
    """Return what is for sale between members, newest first; nothing that is sold.

    Nor anything of a seller whom ``viewer`` is apart from: it says where they live.
    """
    return (
        Listing.objects.filter(
            unsold(), not_blocked(viewer, "seller_id"), product__in=visible_products()
        )
        .select_related("product__shop", "seller")
        .order_by("-id")
    )


def listings_of(actor: Actor) -> QuerySet[Listing]:
    """Return the actor's own listings in any state, newest first."""
    mine = Listing.objects.filter(seller_id=actor.id or 0)
    return mine.select_related("product__shop", "seller").order_by("-id")


def get_own_listing(actor: Actor, listing_id: int) -> Listing:
    """Return one of the actor's own listings."""
    found = listings_of(actor).filter(pk=listing_id).first()
    if found is None:
        raise NotFound()
    return found


def get_dispute_for(actor: Actor, dispute_id: int, access_token: str = "") -> Dispute:
    """Return a dispute to both sides and to support and finance."""
    found = Dispute.objects.select_related("order__checkout", "order__shop").filter(pk=dispute_id)
    dispute = found.first()
    if dispute is None:
        raise NotFound()
    get_order_for(actor, dispute.order_id, access_token)
    return dispute


def side_of(actor: Actor, dispute: Dispute) -> str:
    """Return as whom somebody speaks who may see the dispute: platform, seller or buyer.

    Nobody speaks for the platform about what is their own.
    """
    if works_in(actor, dispute.order.shop_id):
        return "seller"
    own = actor.id is not None and actor.id == dispute.order.checkout.buyer_id
    return "platform" if actor.has_role(*OFFICE) and not own else "buyer"
