"""What a coupon can cost at most: for whoever promises one and must keep the money for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .access import made_by
from .models import Coupon
from .rules import AmountOff, PercentOff, Terms


def most_off(terms: Terms) -> int | None:
    """Return what one use takes off at most, in minor units; None where there is no bound."""
    total = 0
    for one in terms.benefits:
        most = one.amount if isinstance(one, AmountOff) else None
        if isinstance(one, PercentOff):
            most = one.most
        if most is None:
            return None
        total += most
    return total


def given_coupons(shop_id: int) -> list[Coupon]:
    """Return the coupons of a shop that are only given, whose uses have a bound, newest first."""
    rows = made_by(shop_id).filter(reach="held", is_active=True).order_by("-id")
    return [coupon for coupon in rows if most_off(coupon.terms) is not None]


def coupons_of(shop_id: int, coupon_ids: Collection[int]) -> Mapping[int, Coupon]:
    """Return those of the coupons that are the shop's own, by id."""
    return {one.pk: one for one in Coupon.objects.filter(shop_id=shop_id, pk__in=coupon_ids)}
