"""The refusals of coupons, points and price rights."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Conflict

from .rules import REFUSALS, Miss, why


class CouponRefused(Conflict):
    """A coupon does not apply; ``code`` is one of ``rules.REFUSALS``."""

    def __init__(self, code: str, *, miss: Miss | None = None, currency: str = "") -> None:
        message = why(miss, currency) if miss is not None else REFUSALS[code]
        super().__init__(message, code=code, fields={"coupon": message})


class PointsGone(Conflict):
    """There are fewer points now than were to be spent."""

    code = "points_gone"
    message = _("You have fewer points now. Please look at the price again.")


class RightGone(Conflict):
    """A price right was used in another order, revoked, or its time is over."""

    code = "right_gone"
    message = _("Your own price is no longer there. Please look at the price again.")
