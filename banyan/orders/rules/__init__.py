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
    fallen,
    goods_part,
    refund_by_amount,
    refund_by_rate,
    shipping_part,
    tax_part,
)
from .tax import contained
from .wanting import WantedLine, line_title, merge

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
    "contained",
    "fallen",
    "goods_part",
    "line_title",
    "merge",
    "price",
    "refund_by_amount",
    "refund_by_rate",
    "shipping_part",
    "tax_part",
]
