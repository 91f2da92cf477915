"""Tables of the catalogue, by subject."""

from .attributes import Attribute
from .collections import Collection, CollectionItem
from .delivery import ShippingMethod, ShippingZone, TaxZone
from .goods import (
    Category,
    Product,
    ProductImage,
    ProductImport,
    ProductWords,
    Shop,
    ShopStaff,
    Stock,
    StockMovement,
    Variant,
    WantedPicture,
)
from .prices import ListPrice, PriceList, PriceListAccount

__all__ = [
    "Attribute",
    "Category",
    "Collection",
    "CollectionItem",
    "ListPrice",
    "PriceList",
    "PriceListAccount",
    "Product",
    "ProductImage",
    "ProductImport",
    "ProductWords",
    "ShippingMethod",
    "ShippingZone",
    "Shop",
    "ShopStaff",
    "Stock",
    "StockMovement",
    "TaxZone",
    "Variant",
    "WantedPicture",
]
