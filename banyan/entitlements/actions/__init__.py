"""The only writers of coupons, grants and uses."""

from ..problems import CouponRefused
from .coupons import change_terms, create_coupon, edit_coupon, pause_coupon, resume_coupon
from .grants import (
    claim_coupon,
    count_typed_code,
    expire_grants,
    grant_coupon,
    print_codes,
)
from .uses import (
    count_for,
    count_no_more_for,
    locks_of,
    redeem_coupons,
    release_coupons,
    reserve_coupons,
    return_coupons,
)

__all__ = [
    "CouponRefused",
    "change_terms",
    "claim_coupon",
    "count_for",
    "count_no_more_for",
    "count_typed_code",
    "create_coupon",
    "edit_coupon",
    "expire_grants",
    "grant_coupon",
    "locks_of",
    "pause_coupon",
    "print_codes",
    "redeem_coupons",
    "release_coupons",
    "reserve_coupons",
    "resume_coupon",
    "return_coupons",
]
