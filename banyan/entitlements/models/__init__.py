"""Coupons, points and rights to a price."""

from .coupons import REACHES, Coupon, Grant, PersonUse, Redemption
from .points import PointsLot, PointsPiece, PointsPurse, PointsTerms, PointsUse
from .rights import PriceRight

__all__ = [
    "REACHES",
    "Coupon",
    "Grant",
    "PersonUse",
    "PointsLot",
    "PointsPiece",
    "PointsPurse",
    "PointsTerms",
    "PointsUse",
    "PriceRight",
    "Redemption",
]
