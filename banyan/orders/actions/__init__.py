"""Verbs of orders: the only writers of its tables."""

from ..rules import WantedLine
from .answering import answer_overdue, end_escalated, remind_shops
from .asking import ask_return, lapse_returns, send_return, withdraw_return
from .cancelling import NotCancellable, cancel_order
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
from .changes import Preview, Wish, confirm_change, preview_change
from .documents import credit_refund, issue_document, pdf_of, set_legal_entity
from .fapiao import ask_fapiao, issue_fapiao, refuse_fapiao, withdraw_fapiao
from .fulfilment import (
    auto_confirm,
    confirm_receipt,
    correct_parcel,
    extend_receipt,
    receive_delivered,
    ship,
)
from .handover import refund_missing
from .holding import OrderWaits, release_hold
from .lookup import send_order_link
from .notes import write_note
from .payment import cancel_checkout, expire_checkout, expire_due, warn_unpaid
from .persons import Contact
from .placement import place, place_of
from .quoting import Carriage, Quote, Wishes, priced_in, quote
from .refunds import ask_refund, ask_support, grant_refund, refuse_refund, retry_refund
from .repeating import placed_before
from .returns import (
    Found,
    approve_return,
    offer_money,
    receive_return,
    refuse_return,
    set_terms,
    settle_return,
)
from .undoing import difference_due, give_back_difference, undo_lines, undo_orders
from .unit_prices import own_price, shown_prices

__all__ = [
    "Carriage",
    "Contact",
    "Found",
    "NotCancellable",
    "OrderWaits",
    "Preview",
    "Quote",
    "WantedLine",
    "Wish",
    "Wishes",
    "add_to_cart",
    "answer_overdue",
    "approve_return",
    "ask_fapiao",
    "ask_refund",
    "ask_return",
    "ask_support",
    "auto_confirm",
    "cancel_checkout",
    "cancel_order",
    "cart_for",
    "confirm_change",
    "confirm_receipt",
    "correct_parcel",
    "credit_refund",
    "difference_due",
    "empty_cart",
    "end_escalated",
    "expire_checkout",
    "expire_due",
    "extend_receipt",
    "give_back_difference",
    "grant_refund",
    "issue_document",
    "issue_fapiao",
    "join_cart",
    "lapse_returns",
    "offer_money",
    "own_price",
    "pdf_of",
    "place",
    "place_of",
    "placed_before",
    "preview_change",
    "price_cart",
    "priced_in",
    "put_in_cart",
    "quote",
    "receive_delivered",
    "receive_return",
    "refund_missing",
    "refuse_fapiao",
    "refuse_refund",
    "refuse_return",
    "release_hold",
    "remind_shops",
    "remove_from_cart",
    "retry_refund",
    "send_order_link",
    "send_return",
    "set_legal_entity",
    "set_quantity",
    "set_terms",
    "settle_return",
    "ship",
    "shown_prices",
    "take_from_cart",
    "undo_lines",
    "undo_orders",
    "warn_unpaid",
    "withdraw_fapiao",
    "withdraw_return",
    "write_note",
]
