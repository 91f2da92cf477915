"""What storefronts tell the floors above."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class StorefrontOpened(Event):
    """A member has opened a storefront."""

    name: ClassVar[str] = "storefront.opened"
    subject: ClassVar[str] = "storefront_id"
    storefront_id: int
    owner_id: int


class OfferListed(Event):
    """Something is on a storefront from now on; ``product_id`` is empty for a link out."""

    name: ClassVar[str] = "offer.listed"
    subject: ClassVar[str] = "offer_id"
    offer_id: int
    storefront_id: int
    kind: str
    product_id: int | None


class OfferPaused(Event):
    """A pooled offer is off its page; ``reason``: below_minimum, withdrawn or not_approved."""

    name: ClassVar[str] = "offer.paused"
    subject: ClassVar[str] = "offer_id"
    offer_id: int
    storefront_id: int
    owner_id: int
    product_id: int
    reason: str


class OfferNarrowed(Event):
    """Some variants of a pooled offer, not all of them, are off its page: out of the pool."""

    name: ClassVar[str] = "offer.narrowed"
    subject: ClassVar[str] = "offer_id"
    offer_id: int
    storefront_id: int
    owner_id: int
    product_id: int
    variant_ids: tuple[int, ...]


class PoolSellerAsked(Event):
    """A member asks a supplier to let their page sell a product."""

    name: ClassVar[str] = "pool.seller_asked"
    subject: ClassVar[str] = "item_id"
    item_id: int
    shop_id: int
    product_id: int
    account_id: int


class PoolSellerAnswered(Event):
    """The supplier has answered; ``approved`` tells how."""

    name: ClassVar[str] = "pool.seller_answered"
    subject: ClassVar[str] = "item_id"
    item_id: int
    product_id: int
    account_id: int
    approved: bool
