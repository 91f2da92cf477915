"""Reads of the catalogue for pages, files and the command line."""

from .categories import categories_on_sale, name_in
from .delivery import price_lists, shipping_zones, tax_zones
from .exports import exported_products, picture_sources
from .goods import (
    image_ids_of,
    pictures_of,
    staff_of,
    stock_of,
    variants_of,
)
from .imports import Plan, ProductPlan, VariantPlan, plan_import
from .pricing import delivery, listed, priced_variants, variants_on_sale
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
    "categories_on_sale",
    "chosen_products",
    "delivery",
    "exported_products",
    "facets_of",
    "image_ids_of",
    "last_decision",
    "list_products",
    "listed",
    "name_in",
    "narrowed",
    "picture_counts",
    "picture_sources",
    "pictures_of",
    "plan_import",
    "price_lists",
    "priced_variants",
    "products_called",
    "products_in_order",
    "read_chosen",
    "shipping_zones",
    "staff_of",
    "stock_of",
    "tax_zones",
    "variants_of",
    "variants_on_sale",
    "wanted_pictures",
]
