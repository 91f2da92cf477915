"""The only writers of coupons, grants and uses, and of points."""

from ..problems import CouponRefused, PointsGone
from .coupons import change_terms, create_coupon, edit_coupon, pause_coupon, resume_coupon
from .grants import (
    claim_coupon,
    count_typed_code,
    expire_grants,
    grant_coupon,
    print_codes,
)
from .points import points_locks, release_points, reserve_points, set_points_terms, spend_points
from .points_life import (
    expire_points,
    give_back_points,
    grant_points,
    receive_points,
    ripen_points,
    take_back_points,
)
from .reminding import remind_of_ending
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
    "PointsGone",
    "change_terms",
    "claim_coupon",
    "count_for",
    "count_no_more_for",
    "count_typed_code",
    "create_coupon",
    "edit_coupon",
    "expire_grants",
    "expire_points",
    "give_back_points",
    "grant_coupon",
    "grant_points",
    "locks_of",
    "pause_coupon",
    "points_locks",
    "print_codes",
    "receive_points",
    "redeem_coupons",
    "release_coupons",
    "release_points",
    "remind_of_ending",
    "reserve_coupons",
    "reserve_points",
    "resume_coupon",
    "return_coupons",
    "ripen_points",
    "set_points_terms",
    "spend_points",
    "take_back_points",
]
