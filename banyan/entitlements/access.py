"""The only way to coupons and points that people see. Absent and forbidden look alike."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.catalog.access import MANAGERS, get_shop_for_staff, works_in
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import LoginRequired, NotFound

from .models import Coupon, Grant, PointsPurse, PriceRight
from .rules import Variants


def visible_coupons(actor: Actor, shop_id: int, *, before: int | None = None) -> QuerySet[Coupon]:
    """Return a shop's coupons for its managers, newest first, older than ``before``."""
    coupons = made_by(get_shop_for_staff(actor, shop_id, MANAGERS).pk).order_by("-id")
    return coupons if before is None else coupons.filter(pk__lt=before)


def made_by(shop_id: int) -> QuerySet[Coupon]:
    """Return the coupons that a shop itself has made, not those that its campaigns bring about."""
    return Coupon.objects.filter(shop_id=shop_id).exclude(
        conditions__contains=[{"code": Variants.code}]
    )


def get_coupon_for(actor: Actor, coupon_id: int) -> Coupon:
    """Return a coupon for the managers of its shop; one of the platform's for finance."""
    coupon = Coupon.objects.select_related("shop").filter(pk=coupon_id).first()
    if coupon is None:
        raise NotFound()
    if coupon.shop_id is None:
        if not actor.has_role("finance"):
            raise NotFound()
    elif not works_in(actor, coupon.shop_id, MANAGERS):
        raise NotFound()
    return coupon


def visible_grants(actor: Actor, *, before: int | None = None) -> QuerySet[Grant]:
    """Return the coupons a member has or had, newest first, older than ``before``."""
    if actor.id is None:
        raise LoginRequired()
    mine = Grant.objects.filter(account_id=actor.id).select_related("coupon__shop").order_by("-id")
    return mine if before is None else mine.filter(pk__lt=before)


def visible_prices(actor: Actor) -> QuerySet[PriceRight]:
    """Return the prices that a member can still buy at, the first to end first."""
    if actor.id is None:
        raise LoginRequired()
    mine = PriceRight.objects.filter(account_id=actor.id, state="held", expires_at__gt=clock.now())
    return mine.select_related("variant__product__shop").order_by("expires_at", "id")


def visible_price_rights(
    actor: Actor, shop_id: int, *, campaign_id: int | None = None, before: int | None = None
) -> QuerySet[PriceRight]:
    """Return the prices that members have or had at a shop, newest first, for its managers.

    Of one campaign with ``campaign_id``; older than ``before``.
    """
    shop = get_shop_for_staff(actor, shop_id, MANAGERS)
    rights = PriceRight.objects.filter(variant__product__shop=shop).order_by("-id")
    if campaign_id is not None:
        rights = rights.filter(campaign_id=campaign_id)
    if before is not None:
        rights = rights.filter(pk__lt=before)
    return rights.select_related("account", "variant__product")


def get_price_right_for_staff(actor: Actor, right_id: int) -> PriceRight:
    """Return a price that a member has, for the managers of the shop that sells at it."""
    rights = PriceRight.objects.select_related("account", "variant__product__shop")
    right = rights.filter(pk=right_id).first()
    if right is None or not works_in(actor, right.variant.product.shop_id, MANAGERS):
        raise NotFound()
    return right


def visible_points(actor: Actor) -> QuerySet[PointsPurse]:
    """Return a member's purses of points with their shops, by the shop's name."""
    if actor.id is None:
        raise LoginRequired()
    mine = PointsPurse.objects.filter(account_id=actor.id).select_related("terms__shop")
    return mine.order_by("terms__shop__name", "id")
