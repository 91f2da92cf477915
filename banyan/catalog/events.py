"""What the catalogue tells the floors above."""

from __future__ import annotations

from typing import ClassVar

from banyan.kernel.events import Event


class ShopAsked(Event):
    """A shop waits for approval (again)."""

    name: ClassVar[str] = "shop.asked"
    subject: ClassVar[str] = "shop_id"
    shop_id: int


class ShopRefused(Event):
    """A shop was not approved; ``reason`` is for its owner to read."""

    name: ClassVar[str] = "shop.refused"
    subject: ClassVar[str] = "shop_id"
    shop_id: int
    reason: str


class ShopOpened(Event):
    """A shop may sell from now on."""

    name: ClassVar[str] = "shop.opened"
    subject: ClassVar[str] = "shop_id"
    shop_id: int


class ProductPublished(Event):
    """A product can be bought from now on."""

    name: ClassVar[str] = "product.published"
    subject: ClassVar[str] = "product_id"
    product_id: int
    shop_id: int


class ProductWithdrawn(Event):
    """A product can no longer be bought."""

    name: ClassVar[str] = "product.withdrawn"
    subject: ClassVar[str] = "product_id"
    product_id: int
    shop_id: int


class StockLow(Event):
    """Few units of a variant are free (``free``); not said again until it was restocked."""

    name: ClassVar[str] = "stock.low"
    subject: ClassVar[str] = "variant_id"
    variant_id: int
    shop_id: int
    free: int
