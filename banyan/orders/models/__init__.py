"""Tables of orders: the purchase, its parcels, its refunds, what comes back, its papers."""

from .documents import Document, DocumentCounter, DocumentFile, Fapiao, LegalEntity
from .parcels import Shipment, ShipmentLine
from .purchase import Cart, CartItem, Checkout, Order, OrderLine
from .refunds import OrderChargeback, OrderNote, OrderRefund
from .returns import AfterSaleTerms, OrderChange, Return, ReturnLine, ReturnPhoto

__all__ = [
    "AfterSaleTerms",
    "Cart",
    "CartItem",
    "Checkout",
    "Document",
    "DocumentCounter",
    "DocumentFile",
    "Fapiao",
    "LegalEntity",
    "Order",
    "OrderChange",
    "OrderChargeback",
    "OrderLine",
    "OrderNote",
    "OrderRefund",
    "Return",
    "ReturnLine",
    "ReturnPhoto",
    "Shipment",
    "ShipmentLine",
]
