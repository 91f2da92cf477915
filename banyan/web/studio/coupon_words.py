"""How a coupon is told to its merchant: in words, by an example, and how it stands."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_products
from banyan.catalog.models import Shop, Variant
from banyan.catalog.queries import delivery, priced_variants
from banyan.catalog.rules import IN_PARCELS, Place
from banyan.entitlements.models import Coupon
from banyan.entitlements.queries import category_lines
from banyan.entitlements.rules import Candidate, Line, Purchase, Terms, apply_set, refusal
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.orders.rules import LineInput, TaxOnTop

STACKING: dict[str, str | Promise] = {
    "shop": _("With the platform's coupons and free shipping; one such coupon per shop"),
    "shipping": _("With all others; one shipping coupon per shop"),
    "exclusive": _("Alone: no other coupon with it"),
    "platform": _("With shops' coupons and free shipping; one such coupon per order"),
}
REACHES: dict[str, str | Promise] = {
    "code": _("Whoever types its code"),
    "auto": _("Everybody, without a code"),
    "claim": _("Members who take it by its code, and keep it"),
    "held": _("Only who is given one, or has a printed code"),
}
MOST_TRIED, MOST_PIECES = 20, 99


def row(coupon: Coupon) -> dict[str, Any]:
    """Return what lists and pages say of a coupon."""
    now = clock.now()
    if not coupon.is_active:
        state, tone = _("Paused"), ""
    elif coupon.ends_at and coupon.ends_at <= now:
        state, tone = _("Over"), ""
    elif coupon.taken >= coupon.cap:
        state, tone = _("Used up"), ""
    elif coupon.starts_at and coupon.starts_at > now:
        state, tone = _("Not yet"), "gold"
    else:
        state, tone = _("Running"), "good"
    left = None if coupon.budget is None else coupon.budget - coupon.budget_used
    return {
        "coupon": coupon,
        "terms": " · ".join(coupon.terms.sentences(coupon.currency)),
        "state": state,
        "tone": tone,
        "reach": REACHES[coupon.reach],
        "stacking": STACKING[coupon.stacking],
        "spent": Money(coupon.budget_used, coupon.currency),
        "budget_left": None if left is None else Money(left, coupon.currency),
    }


def example(shop: Shop, terms: Terms, stacking: str) -> dict[str, Any] | None:
    """Return the smallest basket of one product that the coupon works for; None without one.

    Figures are what checkout would say, for a newcomer through a share link at the right hour.
    """
    cheapest = Variant.objects.filter(
        is_active=True, product__shop=shop, product__in=visible_products()
    ).order_by("price_amount", "id")
    ids = list(cheapest.values_list("id", flat=True)[:MOST_TRIED])
    for variant in sorted(priced_variants(ids, clock.now(), 0), key=lambda one: ids.index(one.pk)):
        found = _basket(shop, terms, stacking, variant)
        if found is not None:
            return found
    return None


def _basket(shop: Shop, terms: Terms, stacking: str, variant: Variant) -> dict[str, Any] | None:
    coupon = Candidate(
        key=0,
        coupon_id=0,
        shop_id=shop.pk,
        code="",
        title="",
        stacking=stacking,
        terms=terms,
        currency=shop.currency,
    )
    zones, home = delivery(variant), Place(shop.country)
    method, tax = next(iter(zones.methods(home, shop.currency)), None), zones.tax_at(home)
    product, above = variant.product, category_lines([coupon])
    for pieces in range(1, MOST_PIECES + 1):
        line = Line(
            key=variant.pk,
            shop_id=shop.pk,
            product_id=product.pk,
            quantity=pieces,
            goods=variant.price_amount * pieces,
            categories=above.get(product.category_id or 0, frozenset()),
            tags=frozenset(str(tag) for tag in product.tags),
            shared=True,
            sent=product.kind in IN_PARCELS,
        )
        weight = variant.weight_grams * pieces

        def asked(goods: int, weight: int = weight) -> int:
            return method.charge(goods=goods, weight=weight) if method else 0

        purchase = Purchase((line,), {shop.pk: asked}, shop.currency, clock.now(), newcomer=True)
        [given] = apply_set(purchase, [coupon])
        miss = refusal(coupon, purchase)
        if (miss is None or miss.code == "coupon_other_hours") and given.amount:
            left = {line.key: line.goods - sum(given.goods.values())}
            shipping, on_top = purchase.asked(shop.pk, left), 0
            if tax is not None and not tax.included:
                bought = LineInput(
                    key=line.key,
                    shop_id=shop.pk,
                    unit_amount=variant.price_amount,
                    quantity=pieces,
                    tax_class=product.tax_class,
                    in_parcel=line.sent,
                )
                off = given.shipping.get(shop.pk, 0)
                on_top = TaxOnTop(tax, [bought])(left)([shipping, off])
            return {
                "title": product.title,
                "pieces": pieces,
                "goods": Money(line.goods, shop.currency),
                "off": Money(-given.amount, shop.currency),
                "shipping": Money(shipping, shop.currency),
                "tax": Money(on_top, shop.currency) if on_top else None,
                "pays": Money(line.goods + shipping - given.amount + on_top, shop.currency),
            }
    return None
