"""Verbs of orders: the only writers of its tables."""

from ..rules import WantedLine
from .cart import (
    add_to_cart,
    cart_for,
    empty_cart,
    join_cart,
    put_in_cart,
    remove_from_cart,
    set_quantity,
    take_from_cart,
)
from .cart_prices import price_cart
from .fulfilment import auto_confirm, confirm_receipt, receive_delivered, ship
from .handover import refund_missing
from .lookup import send_order_link
from .notes import write_note
from .payment import cancel_checkout, expire_checkout, expire_due
from .placement import Contact, place, place_of
from .quoting import Carriage, Quote, Wishes, priced_in, quote
from .refunds import ask_refund, ask_support, grant_refund, refuse_refund, retry_refund
from .repeating import placed_before
from .unit_prices import shown_prices

__all__ = [
    "Carriage",
    "Contact",
    "Quote",
    "WantedLine",
    "Wishes",
    "add_to_cart",
    "ask_refund",
    "ask_support",
    "auto_confirm",
    "cancel_checkout",
    "cart_for",
    "confirm_receipt",
    "empty_cart",
    "expire_checkout",
    "expire_due",
    "grant_refund",
    "join_cart",
    "place",
    "place_of",
    "placed_before",
    "price_cart",
    "priced_in",
    "put_in_cart",
    "quote",
    "receive_delivered",
    "refund_missing",
    "refuse_refund",
    "remove_from_cart",
    "retry_refund",
    "send_order_link",
    "set_quantity",
    "ship",
    "shown_prices",
    "take_from_cart",
    "write_note",
]
