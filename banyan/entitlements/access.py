"""The only way to coupons that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.catalog.access import MANAGERS, get_shop_for_staff, works_in
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound

from .models import Coupon


def visible_coupons(actor: Actor, shop_id: int, *, before: int | None = None) -> QuerySet[Coupon]:
    """Return a shop's coupons for its managers, newest first, older than ``before``."""
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    coupons = Coupon.objects.filter(shop=shop).order_by("-id")
    return coupons if before is None else coupons.filter(pk__lt=before)


def get_coupon_for(actor: Actor, coupon_id: int) -> Coupon:
    """Return a coupon for the managers of its shop."""
    coupon = Coupon.objects.filter(pk=coupon_id).first()
    if coupon is None or not works_in(actor, coupon.shop_id, MANAGERS):
        raise NotFound()
    return coupon
