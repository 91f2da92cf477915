"""Reads of the catalogue for pages, files and the command line."""

from .exports import exported_products, picture_sources
from .imports import Plan, ProductPlan, VariantPlan, plan_import
from .shops import last_decision

__all__ = [
    "Plan",
    "ProductPlan",
    "VariantPlan",
    "exported_products",
    "last_decision",
    "picture_sources",
    "plan_import",
]
