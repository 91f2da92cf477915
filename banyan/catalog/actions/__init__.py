"""Verbs of the catalogue: the only writers of its tables."""

from .products import (
    ProductInput,
    VariantInput,
    archive_product,
    create_product,
    publish_product,
    set_pictures,
    unpublish_product,
    update_product,
)
from .shops import (
    approve_shop,
    ask_again,
    hire,
    open_shop,
    refuse_shop,
    reopen_shop,
    suspend_shop,
    update_shop,
)
from .stock import allocate, release, reserve, restock, set_on_hand, ship_out, stock_locks

__all__ = [
    "ProductInput",
    "VariantInput",
    "allocate",
    "approve_shop",
    "archive_product",
    "ask_again",
    "create_product",
    "hire",
    "open_shop",
    "publish_product",
    "refuse_shop",
    "release",
    "reopen_shop",
    "reserve",
    "restock",
    "set_on_hand",
    "set_pictures",
    "ship_out",
    "stock_locks",
    "suspend_shop",
    "unpublish_product",
    "update_product",
    "update_shop",
]
