"""Reads of the catalogue for pages, files and the command line."""

from .attributes import Told, Trait, attributes_of, told_of, traits_of
from .cards import Front, OnCard, front, on_card, on_cards, with_card
from .categories import (
    above,
    all_categories,
    below,
    categories_on_sale,
    get_category,
    name_in,
)
from .collections import products_in, shown_collections
from .conditions import ConditionWords
from .delivery import price_lists, shipping_zones, tax_zones
from .exports import exported_products, picture_sources
from .goods import (
    image_ids_of,
    pictures_of,
    shown_pictures_of,
    staff_of,
    stock_of,
    variants_of,
)
from .imports import Plan, ProductPlan, VariantPlan, plan_import
from .pricing import delivery, listed, on_sale, priced, priced_variants
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
from .stocks import (
    locations_of,
    movements_of,
    stock_rows,
    stock_table,
)
from .wanted import PictureCounts, picture_counts, wanted_pictures

__all__ = [
    "Chosen",
    "ConditionWords",
    "Facets",
    "Front",
    "OnCard",
    "PictureCounts",
    "Plan",
    "ProductPlan",
    "Told",
    "Trait",
    "VariantPlan",
    "above",
    "all_categories",
    "attributes_of",
    "below",
    "categories_on_sale",
    "chosen_products",
    "delivery",
    "exported_products",
    "facets_of",
    "front",
    "get_category",
    "image_ids_of",
    "last_decision",
    "list_products",
    "listed",
    "locations_of",
    "movements_of",
    "name_in",
    "narrowed",
    "on_card",
    "on_cards",
    "on_sale",
    "picture_counts",
    "picture_sources",
    "pictures_of",
    "plan_import",
    "price_lists",
    "priced",
    "priced_variants",
    "products_called",
    "products_in",
    "products_in_order",
    "read_chosen",
    "shipping_zones",
    "shown_collections",
    "shown_pictures_of",
    "staff_of",
    "stock_of",
    "stock_rows",
    "stock_table",
    "tax_zones",
    "told_of",
    "traits_of",
    "variants_of",
    "wanted_pictures",
    "with_card",
]
