"""Reads of the catalogue for pages, files and the command line."""

from .categories import categories_on_sale, name_in
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
from .search import (
    Chosen,
    Facets,
    chosen_products,
    facets_of,
    list_products,
    narrowed,
    products_called,
    products_in_order,
    read_chosen,
)
from .shops import last_decision
from .wanted import PictureCounts, picture_counts, wanted_pictures

__all__ = [
    "Chosen",
    "Facets",
    "PictureCounts",
    "Plan",
    "ProductPlan",
    "VariantPlan",
    "buyable_variants",
    "categories_on_sale",
    "chosen_products",
    "exported_products",
    "facets_of",
    "image_ids_of",
    "last_decision",
    "list_products",
    "name_in",
    "narrowed",
    "picture_counts",
    "picture_sources",
    "pictures_of",
    "plan_import",
    "products_called",
    "products_in_order",
    "read_chosen",
    "staff_of",
    "stock_of",
    "variants_of",
    "variants_on_sale",
    "wanted_pictures",
]
