"""Pure rules of orders: what is wanted, prices, tax, what was agreed to, refunds."""

from .agreement import MOST_LETTERS, Agreement, Change, agreement_of
from .pricing import (
    POINTS,
    RIGHT,
    Discount,
    LineInput,
    Priced,
    PricedLine,
    ShopTerms,
    TaxOnTop,
    UnitPrice,
    borne_by,
    price,
)
from .refunds import (
    BOTH,
    GOODS,
    SHIPPING,
    RefundableLine,
    goods_part,
    refund_by_amount,
    refund_by_rate,
    shipping_part,
    tax_part,
)
from .wanting import WantedLine, merge

__all__ = [
    "BOTH",
    "GOODS",
    "MOST_LETTERS",
    "POINTS",
    "RIGHT",
    "SHIPPING",
    "Agreement",
    "Change",
    "Discount",
    "LineInput",
    "Priced",
    "PricedLine",
    "RefundableLine",
    "ShopTerms",
    "TaxOnTop",
    "UnitPrice",
    "WantedLine",
    "agreement_of",
    "borne_by",
    "goods_part",
    "merge",
    "price",
    "refund_by_amount",
    "refund_by_rate",
    "shipping_part",
    "tax_part",
]
