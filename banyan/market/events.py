"""What the market tells the floors above. Ids of rows; amounts in minor units."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class ListingPosted(Event):
    """A member offers something to other members."""

    name: ClassVar[str] = "listing.posted"
    subject: ClassVar[str] = "listing_id"
    listing_id: int
    product_id: int
    seller_id: int


class EscrowReleased(Event):
    """The seller's part of an escrow became theirs; 0 when everything went back."""

    name: ClassVar[str] = "escrow.released"
    subject: ClassVar[str] = "escrow_id"
    escrow_id: int
    order_id: int
    seller_id: int
    amount: int
    currency: str


class _OfDispute(Event):
    subject: ClassVar[str] = "dispute_id"
    dispute_id: int
    order_id: int
    shop_id: int


class DisputeOpened(_OfDispute):
    """A buyer asks the platform to decide; money in escrow stays where it is."""

    name: ClassVar[str] = "dispute.opened"


class DisputeAnswered(_OfDispute):
    """Somebody said or showed something; ``side``: buyer, seller, platform."""

    name: ClassVar[str] = "dispute.answered"
    side: str


class DisputeWithdrawn(_OfDispute):
    """The buyer took the claim back."""

    name: ClassVar[str] = "dispute.withdrawn"


class DisputeDecided(_OfDispute):
    """The platform decided: ``refund_amount`` goes back to the buyer."""

    name: ClassVar[str] = "dispute.decided"
    refund_amount: int
    currency: str
