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
from .locations import add_location, transfer
from .low_stock import set_low_stock, set_low_stock_of_shop, watch_stock
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
    hold,
    release,
    release_held,
    reserve,
    reserve_held,
    restock,
    set_on_hand,
    ship_out,
    sold_out,
    stock_locks,
    unhold,
)
from .wishes import tell_back_in_stock, unwish, unwish_own, wish_for
from .words import index_products, reindex_products

__all__ = [
    "ImportRefused",
    "ProductInput",
    "VariantInput",
    "ZipRefused",
    "ZipTaken",
    "add_category",
    "add_location",
    "allocate",
    "approve_shop",
    "archive_product",
    "ask_again",
    "change_category",
    "create_product",
    "fetch_again",
    "fetch_pictures",
    "hire",
    "hold",
    "index_products",
    "keep_product_file",
    "look_at",
    "open_shop",
    "publish_product",
    "refuse_shop",
    "reindex_products",
    "release",
    "release_held",
    "reopen_shop",
    "reserve",
    "reserve_held",
    "restock",
    "set_low_stock",
    "set_low_stock_of_shop",
    "set_on_hand",
    "set_pictures",
    "ship_out",
    "sold_out",
    "stock_locks",
    "suspend_shop",
    "sweep_product_files",
    "take_in_products",
    "take_pictures_from_zip",
    "tell_back_in_stock",
    "transfer",
    "unhold",
    "unpublish_product",
    "unwish",
    "unwish_own",
    "update_product",
    "update_shop",
    "watch_stock",
    "wish_for",
]
