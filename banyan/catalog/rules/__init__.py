"""Pure rules of the catalogue: goods here, their exchange file in ``product_csv``."""

from .goods import (
    RESERVED_SLUGS,
    check_values,
    clean_tags,
    is_slug,
    price_range,
    slugify,
    text_in,
)

__all__ = [
    "RESERVED_SLUGS",
    "check_values",
    "clean_tags",
    "is_slug",
    "price_range",
    "slugify",
    "text_in",
]
