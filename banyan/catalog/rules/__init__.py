"""Pure rules of the catalogue: goods, prices and delivery here, files in ``product_csv``."""

from .attributes import ATTRIBUTE_KINDS, Definition, clean_value, is_code, kept_of, typed_text
from .collections import CONDITION_FIELDS, MOST_CONDITIONS, Condition, clean_condition
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
    named_in,
    price_range,
    slugify,
    text_in,
)
from .places import MOST_PLACES, Place, is_place, nearest, read_places
from .price_lists import AUDIENCES, Listed, cheapest, listed_of, rows_for
from .searches import category_mark, scrubbed, shop_mark

__all__ = [
    "ATTRIBUTE_KINDS",
    "AUDIENCES",
    "BASES",
    "CONDITION_FIELDS",
    "IN_PARCELS",
    "KINDS",
    "MOST_CONDITIONS",
    "MOST_PLACES",
    "RESERVED_SLUGS",
    "TAX_CLASSES",
    "Condition",
    "Definition",
    "Delivery",
    "Listed",
    "Method",
    "Place",
    "TaxTerms",
    "category_mark",
    "cheapest",
    "check_bands",
    "check_values",
    "clean_condition",
    "clean_tags",
    "clean_value",
    "delivery_of",
    "is_code",
    "is_place",
    "is_slug",
    "kept_of",
    "listed_of",
    "method_of",
    "named_in",
    "nearest",
    "price_range",
    "read_places",
    "rows_for",
    "scrubbed",
    "shop_mark",
    "slugify",
    "text_in",
    "typed_text",
]
