"""Reads of the catalogue for pages, files and the command line."""

from .exports import exported_products, picture_sources
from .goods import (
    buyable_variants,
    image_ids_of,
    pictures_of,
    staff_of,
    stock_of,
    variants_of,
    variants_on_sale,
)
from .imports import Plan, ProductPlan, VariantPlan, plan_import
from .shops import last_decision

__all__ = [
    "Plan",
    "ProductPlan",
    "VariantPlan",
    "buyable_variants",
    "exported_products",
    "image_ids_of",
    "last_decision",
    "picture_sources",
    "pictures_of",
    "plan_import",
    "staff_of",
    "stock_of",
    "variants_of",
    "variants_on_sale",
]
