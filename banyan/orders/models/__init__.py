"""Tables of orders: the purchase, its parcels, its refunds."""

from .parcels import Shipment
from .purchase import Cart, CartItem, Checkout, Order, OrderLine
from .refunds import OrderNote, OrderRefund

__all__ = [
    "Cart",
    "CartItem",
    "Checkout",
    "Order",
    "OrderLine",
    "OrderNote",
    "OrderRefund",
    "Shipment",
]
