"""Pure rules of coupons."""

from __future__ import annotations

import datetime as dt

from banyan.kernel.clock import within
from banyan.kernel.money import share_of

from .models import Coupon


def benefit(coupon: Coupon, goods_amount: int) -> int:
    """Return the discount on ``goods_amount``, in minor units; never more than the goods."""
    if coupon.amount_off is not None:
        return min(coupon.amount_off, goods_amount)
    return min(share_of(goods_amount, coupon.percent_bps or 0), goods_amount)


def refusal(coupon: Coupon, *, goods_amount: int, currency: str, at: dt.datetime) -> str | None:
    """Return the reason code why the coupon does not apply, or None. Its cap is not asked here."""
    if not coupon.is_active or not within(at, coupon.starts_at, coupon.ends_at):
        return "coupon_not_valid_now"
    if coupon.currency != currency:
        return "coupon_other_currency"
    if goods_amount < coupon.min_spend:
        return "coupon_min_spend"
    return None
