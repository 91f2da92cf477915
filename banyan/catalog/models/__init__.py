"""Tables of the catalogue, by subject."""

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

__all__ = [
    "Category",
    "Product",
    "ProductImage",
    "ProductImport",
    "ProductWords",
    "Shop",
    "ShopStaff",
    "Stock",
    "StockMovement",
    "Variant",
    "WantedPicture",
]
