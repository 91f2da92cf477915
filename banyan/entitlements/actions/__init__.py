"""The only writers of coupons, grants and uses, of points, and of price rights."""

from ..problems import CouponRefused, PointsGone, RightGone
from .coupons import change_terms, create_coupon, edit_coupon, pause_coupon, resume_coupon
from .grants import (
    claim_coupon,
    count_typed_code,
    expire_grants,
    grant_coupon,
    grant_off,
    print_codes,
    revoke_grants,
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
from .rights import (
    RightInput,
    expire_rights,
    grant_price_rights,
    redemption_of,
    release_rights,
    reserve_rights,
    return_rights,
    revoke_price_rights,
    withdraw_price_right,
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
    "PointsGone",
    "RightGone",
    "RightInput",
    "change_terms",
    "claim_coupon",
    "count_for",
    "count_no_more_for",
    "count_typed_code",
    "create_coupon",
    "edit_coupon",
    "expire_grants",
    "expire_points",
    "expire_rights",
    "give_back_points",
    "grant_coupon",
    "grant_off",
    "grant_points",
    "grant_price_rights",
    "locks_of",
    "pause_coupon",
    "points_locks",
    "print_codes",
    "receive_points",
    "redeem_coupons",
    "redemption_of",
    "release_coupons",
    "release_points",
    "release_rights",
    "remind_of_ending",
    "reserve_coupons",
    "reserve_points",
    "reserve_rights",
    "resume_coupon",
    "return_coupons",
    "return_rights",
    "revoke_grants",
    "revoke_price_rights",
    "ripen_points",
    "set_points_terms",
    "spend_points",
    "take_back_points",
    "withdraw_price_right",
]
