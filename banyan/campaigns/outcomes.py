"""What a campaign came to, however it ends: the same people below the line for every landing."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Sum

from banyan.entitlements.models import Grant as CouponGrant
from banyan.entitlements.models import PriceRight
from banyan.kernel.money import Money
from banyan.orders.models import Order

from .models import Campaign, Grant


@dataclass(frozen=True, slots=True)
class Outcome:
    """People who were given something, those of them who used it, and what their orders paid.

    ``paid`` is the whole of the orders that used a reward, less what was refunded. What is below
    the line is counted alike for a coupon and a price: see ``Funnel`` for who began and helped.
    """

    rewarded: int
    used: int
    paid: Money


def outcome_of(campaign: Campaign) -> Outcome:
    """Return what a campaign's rewards came to. Four statements."""
    given = Grant.objects.filter(campaign=campaign, reference__isnull=False)
    coupons = CouponGrant.objects.filter(
        pk__in=given.filter(kind="coupon").values("reference"), state="redeemed"
    )
    rights = PriceRight.objects.filter(campaign_id=campaign.pk, state="redeemed")
    used = {*coupons.values_list("account_id", "checkout_id")}
    used |= {*rights.values_list("account_id", "checkout_id")}
    orders = Order.objects.filter(
        checkout_id__in={checkout for _who, checkout in used},
        shop_id=campaign.shop_id,
        paid_at__isnull=False,
    )
    paid = orders.aggregate(whole=Sum("total_amount"), back=Sum("refunded_amount"))
    return Outcome(
        rewarded=_rewarded(campaign),
        used=len({who for who, _checkout in used}),
        paid=Money((paid["whole"] or 0) - (paid["back"] or 0), campaign.currency),
    )


def _rewarded(campaign: Campaign) -> int:
    """Count who was given a coupon or a price; a group's or a bargain's is its place's own."""
    given = Grant.objects.filter(campaign=campaign, reference__isnull=False)
    rights = PriceRight.objects.filter(campaign_id=campaign.pk)
    people = given.values_list("account_id").union(rights.values_list("account_id"))
    return people.count()
