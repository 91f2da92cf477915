"""Which goods of a friend's order count: the coupons' own rule for categories, asked of orders."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from banyan.catalog.models import Category, Variant
from banyan.catalog.queries import name_in
from banyan.entitlements.models import Coupon
from banyan.entitlements.queries import categories_above
from banyan.entitlements.rules import Categories, Line
from banyan.orders.models import Order, OrderLine

from ..causes import kept_of
from ..models import Participation
from .terms import ReferralTerms

LINES = "lines"
"""The lines of the order that counted when it was paid: goods may change their category later."""


def counting_lines(terms: ReferralTerms, order: Order) -> list[str]:
    """Return the ids of the lines that count, by the categories of today. Two statements."""
    rule, above = Categories(ids=terms.categories), categories_above()
    lines = order.lines.select_related("variant__product").order_by("id")
    return [str(one.pk) for one in lines if rule.keeps(_as_coupons_see(one, above))]


def _as_coupons_see(line: OrderLine, above: dict[int, frozenset[int]]) -> Line:
    return Line(
        key=line.pk,
        shop_id=line.seller_id,
        product_id=line.product_id,
        quantity=line.quantity,
        goods=line.goods_amount,
        categories=above.get(line.variant.product.category_id or 0, frozenset()),
    )


def kept_in(terms: ReferralTerms, order: Order, one: Participation | None = None) -> int:
    """Return what of an order counts after what was given back, in minor units.

    All of it where every category does; else the lines that counted when ``one`` brought it.
    """
    if not terms.categories:
        return kept_of(order)
    known = one.data.get(LINES) if one is not None else None
    lines = order.lines.filter(pk__in=counting_lines(terms, order) if known is None else known)
    return sum(line.paid_amount - line.refunded_amount for line in lines)


def faults_of_goods(terms: ReferralTerms) -> dict[str, Any]:
    """Return what the friend is given that is for other goods than the code, by field."""
    if not terms.categories:
        return {}
    above, wanted = categories_above(), frozenset(terms.categories)
    if not wanted <= above.keys():
        return {"categories": _("There is no such category.")}
    faults: dict[str, Any] = {}
    coupon = Coupon.objects.filter(pk=terms.coupon or 0).first()
    if coupon is not None and not _is_for(coupon, wanted, above):
        faults["coupon"] = _("Choose a coupon that is for these categories alone.")
    variants = Variant.objects.filter(pk=terms.variant or 0)
    for category_id in variants.values_list("product__category_id", flat=True):
        if wanted.isdisjoint(above.get(category_id or 0, frozenset())):
            faults["variant"] = _("Choose something of these categories.")
    return faults


def _is_for(coupon: Coupon, wanted: frozenset[int], above: dict[int, frozenset[int]]) -> bool:
    rules = [one for one in coupon.terms.conditions if isinstance(one, Categories)]
    return any(all(wanted & above.get(one, frozenset()) for one in rule.ids) for rule in rules)


def names_of_goods(terms: ReferralTerms) -> str:
    """Return the categories by name, in the active language; empty where all count."""
    if not terms.categories:
        return ""
    language = get_language() or "en"
    rows = Category.objects.filter(pk__in=terms.categories).order_by("position", "id")
    return ", ".join(name_in(one, language) for one in rows)
