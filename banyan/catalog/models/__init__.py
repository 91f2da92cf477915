"""Tables of the catalogue, by subject."""

from .attributes import Attribute
from .collections import Collection, CollectionItem
from .delivery import ShippingMethod, ShippingZone, TaxZone
from .goods import (
    Category,
    EmptySearch,
    PriceChange,
    Product,
    ProductImage,
    ProductImport,
    ProductWords,
    Shop,
    ShopStaff,
    ShopWords,
    Stock,
    StockAt,
    StockLocation,
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
    "EmptySearch",
    "ListPrice",
    "PriceChange",
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
    "ShopWords",
    "Stock",
    "StockAt",
    "StockLocation",
    "StockMovement",
    "TaxZone",
    "Variant",
    "WantedPicture",
]
