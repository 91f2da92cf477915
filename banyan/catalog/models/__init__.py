"""Tables of the catalogue, by subject."""

from .delivery import ShippingMethod, ShippingZone, TaxZone
from .goods import (
    Category,
    EmptySearch,
    Product,
    ProductImage,
    ProductImport,
    ProductWords,
    Shop,
    ShopStaff,
    ShopWords,
    Stock,
    StockMovement,
    Variant,
    WantedPicture,
)
from .prices import ListPrice, PriceList, PriceListAccount

__all__ = [
    "Category",
    "EmptySearch",
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
    "ShopWords",
    "Stock",
    "StockMovement",
    "TaxZone",
    "Variant",
    "WantedPicture",
]
