"""Coupons and points."""

from .coupons import REACHES, Coupon, Grant, PersonUse, Redemption
from .points import PointsLot, PointsPiece, PointsPurse, PointsTerms, PointsUse

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
    "Redemption",
]
