"""The shop's coupons."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import Coupon
from banyan.kernel.money import Money, format_money
from banyan.kernel.problems import NotFound, Problem
from banyan.web.ui.words import percent

from ..http import actor, private, signed_in
from .room import page, refusal_of, shop_of
from .typed import Typed

MOST_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def coupons(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the coupons, newest first; on POST make one."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        return _page(request, shop, {"cap": "100", "per_person": "1"})
    try:
        made = _create(request, shop)
    except Problem as problem:
        return _page(request, shop, request.POST, refusal_of(problem))
    messages.success(request, _("The coupon %(code)s can be used now.") % {"code": made.code})
    return redirect("studio_coupons", shop.slug)


def _create(request: HttpRequest, shop: Shop) -> Coupon:
    typed = Typed(request.POST, shop.currency)
    amount, rate = typed.amount("amount_off"), typed.rate("percent_bps")
    min_spend, cap = typed.amount("min_spend"), typed.whole("cap")
    per_person = typed.whole("per_person")
    starts = typed.moment("starts_at", shop.timezone)
    ends = typed.moment("ends_at", shop.timezone)
    typed.check()
    return entitlements.create_coupon(
        actor=actor(request),
        shop_id=shop.pk,
        title=typed.text("title"),
        code=typed.text("code"),
        amount_off=amount,
        percent_bps=rate,
        min_spend=min_spend or 0,
        cap=1 if cap is None else cap,
        per_person=1 if per_person is None else per_person,
        starts_at=starts,
        ends_at=ends,
    )


def _page(
    request: HttpRequest, shop: Shop, values: Any, problem: Problem | None = None
) -> HttpResponse:
    rows = Coupon.objects.filter(shop=shop).order_by("-id")[:MOST_SHOWN]
    context = {"values": values, "rows": [_row(coupon) for coupon in rows]}
    return page(request, shop, "coupons", "studio/coupons.html", context, problem)


def _row(coupon: Coupon) -> dict[str, Any]:
    if coupon.amount_off is not None:
        benefit = format_money(Money(coupon.amount_off, coupon.currency))
    else:
        benefit = percent((coupon.percent_bps or 0) / 10_000)
    return {
        "coupon": coupon,
        "benefit": benefit,
        "min_spend": Money(coupon.min_spend, coupon.currency) if coupon.min_spend else None,
    }


@require_POST
@private
@signed_in
def coupon_retire(request: HttpRequest, shop_slug: str, coupon_id: int) -> HttpResponse:
    """Stop a coupon."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if not Coupon.objects.filter(pk=coupon_id, shop=shop).exists():
        raise NotFound()
    entitlements.pause_coupon(actor=actor(request), coupon_id=coupon_id)
    messages.success(request, _("The coupon is stopped. Orders already placed keep their price."))
    return redirect("studio_coupons", shop.slug)
