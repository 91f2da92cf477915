"""Verbs of storefronts: the only writers of its tables."""

from .offers import (
    add_link_out,
    end_offer,
    list_from_pool,
    move_offer,
    pin_offer,
    select_product,
    set_offer_prices,
    unpin_offer,
)
from .pool import (
    Terms,
    approve_seller,
    ask_to_sell,
    offer_to_pool,
    refuse_seller,
    withdraw_from_pool,
)
from .storefronts import (
    close_storefront,
    edit_storefront,
    name_earner,
    open_group_page,
    open_storefront,
    reopen_storefront,
)

__all__ = [
    "Terms",
    "add_link_out",
    "approve_seller",
    "ask_to_sell",
    "close_storefront",
    "edit_storefront",
    "end_offer",
    "list_from_pool",
    "move_offer",
    "name_earner",
    "offer_to_pool",
    "open_group_page",
    "open_storefront",
    "pin_offer",
    "refuse_seller",
    "reopen_storefront",
    "select_product",
    "set_offer_prices",
    "unpin_offer",
    "withdraw_from_pool",
]
