"""Pure rules of the catalogue: goods here, their exchange file in ``product_csv``."""

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
from .searches import category_mark, scrubbed, shop_mark

__all__ = [
    "KINDS",
    "RESERVED_SLUGS",
    "category_mark",
    "check_values",
    "clean_tags",
    "is_slug",
    "price_range",
    "scrubbed",
    "shop_mark",
    "slugify",
    "text_in",
]
