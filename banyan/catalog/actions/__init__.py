"""Verbs of the catalogue: the only writers of its tables."""

from .categories import add_category, change_category
from .fetching import fetch_again, fetch_pictures
from .imports import (
    ImportRefused,
    keep_product_file,
    look_at,
    sweep_product_files,
    take_in_products,
)
from .pictures import ZipRefused, ZipTaken, take_pictures_from_zip
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
from .stock import (
    allocate,
    count_all,
    release,
    reserve,
    restock,
    set_on_hand,
    ship_out,
    sold_out,
    stock_locks,
)
from .words import index_products, reindex_products

__all__ = [
    "ImportRefused",
    "ProductInput",
    "VariantInput",
    "ZipRefused",
    "ZipTaken",
    "add_category",
    "allocate",
    "approve_shop",
    "archive_product",
    "ask_again",
    "change_category",
    "count_all",
    "create_product",
    "fetch_again",
    "fetch_pictures",
    "hire",
    "index_products",
    "keep_product_file",
    "look_at",
    "open_shop",
    "publish_product",
    "refuse_shop",
    "reindex_products",
    "release",
    "reopen_shop",
    "reserve",
    "restock",
    "set_on_hand",
    "set_pictures",
    "ship_out",
    "sold_out",
    "stock_locks",
    "suspend_shop",
    "sweep_product_files",
    "take_in_products",
    "take_pictures_from_zip",
    "unpublish_product",
    "update_product",
    "update_shop",
]
