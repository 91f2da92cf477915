"""Whether the goods and coupons that terms name are the shop's own, and fit for a promise."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import visible_variants
from banyan.catalog.models import Variant
from banyan.entitlements.costs import coupons_of, most_off
from banyan.entitlements.models import Coupon

from .mechanic import Mechanic, mechanic, mechanics
from .models import Campaign
from .terms import Terms


def faults_of(shop_id: int, terms: Terms, until: dt.datetime) -> dict[str, Any]:
    """Return what is wrong with coupons, given ``until`` then, and variants, by field."""
    fields: dict[str, Any] = {}
    named = coupons_in(terms)
    known = coupons_of(shop_id, named.values()) if named else {}
    for name, coupon_id in named.items():
        coupon = known.get(coupon_id)
        if coupon is None or not coupon.is_active:
            fields[name] = _("Choose a coupon of this shop.")
        elif coupon.reach != "held":
            fields[name] = _("Choose a coupon that is only given, so that nobody has it anyway.")
        elif most_off(coupon.terms) is None:
            fields[name] = _("Choose a coupon whose cost has a bound.")
        elif coupon.ends_at is not None and coupon.ends_at < until:
            fields[name] = _("Choose a coupon that lasts as long as the campaign.")
    variants = {name: getattr(terms, name) for name in terms.variant_fields}
    wanted = [one for one in variants.values() if one is not None]
    on_sale = Variant.objects.filter(
        pk__in=wanted, is_active=True, product__shop_id=shop_id, product__state="active"
    )
    found = set(on_sale.values_list("pk", flat=True)) if wanted else set()
    for name, variant_id in variants.items():
        if variant_id is not None and variant_id not in found:
            fields[name] = _("Choose something that this shop sells.")
    return fields


def coupons_in(terms: Terms) -> dict[str, int]:
    """Return the coupons that terms name, by field."""
    names = (*terms.coupon_fields, *terms.spare_coupons)
    return {name: one for name in names if (one := getattr(terms, name)) is not None}


def promises(coupon: Coupon) -> bool:
    """Tell whether a campaign that is published, and not settled yet, says that it gives a coupon.

    One statement.
    """
    rows = Campaign.objects.filter(shop_id=coupon.shop_id, mechanic__in=mechanics())
    running = rows.exclude(state__in=["draft", "settled"]).select_related("version")
    return any(
        coupon.pk
        in coupons_in(mechanic(one.mechanic).terms.model_validate(one.version.terms)).values()
        for one in running
        if one.version is not None
    )


def hindrance(kind: Mechanic[Any], terms: Terms) -> str:
    """Return the reason (of REASONS) why nobody can begin one just now; empty if one can.

    What is no longer on sale, taken down or put away, can be promised to nobody. One statement
    besides the mechanic's own, none where no goods are named.
    """
    return kind.hindered(terms) if are_on_sale(terms) else "gone"


def goods_of(terms: Terms) -> set[int]:
    """Return the variants that terms name."""
    return {one for name in terms.variant_fields if (one := getattr(terms, name)) is not None}


def are_on_sale(terms: Terms) -> bool:
    """Tell whether all goods that terms name can be had. One statement, none without goods."""
    goods = goods_of(terms)
    return not goods or visible_variants().filter(pk__in=goods).count() == len(goods)
