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

__all__ = [
    "KINDS",
    "RESERVED_SLUGS",
    "check_values",
    "clean_tags",
    "is_slug",
    "price_range",
    "slugify",
    "text_in",
]
