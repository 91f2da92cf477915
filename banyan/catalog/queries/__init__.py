"""Reads of the catalogue for pages, files and the command line."""

from .exports import exported_products, picture_sources
from .imports import Plan, ProductPlan, VariantPlan, plan_import

__all__ = [
    "Plan",
    "ProductPlan",
    "VariantPlan",
    "exported_products",
    "picture_sources",
    "plan_import",
]
