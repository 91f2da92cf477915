"""Pure rules of the catalogue: goods, prices and delivery here, files in ``product_csv``."""

from .delivery import (
    BASES,
    IN_PARCELS,
    TAX_CLASSES,
    Delivery,
    Method,
    TaxTerms,
    check_bands,
    delivery_of,
    method_of,
)
from .goods import (
    KINDS,
    RESERVED_SLUGS,
    check_values,
    clean_tags,
    is_slug,
    price_range,
    slugify,
    text_in,
)
from .places import MOST_PLACES, Place, is_place, nearest, read_places
from .price_lists import AUDIENCES, Listed, cheapest, listed_of, rows_for

__all__ = [
    "AUDIENCES",
    "BASES",
    "IN_PARCELS",
    "KINDS",
    "MOST_PLACES",
    "RESERVED_SLUGS",
    "TAX_CLASSES",
    "Delivery",
    "Listed",
    "Method",
    "Place",
    "TaxTerms",
    "cheapest",
    "check_bands",
    "check_values",
    "clean_tags",
    "delivery_of",
    "is_place",
    "is_slug",
    "listed_of",
    "method_of",
    "nearest",
    "price_range",
    "read_places",
    "rows_for",
    "slugify",
    "text_in",
]
