"""The member's own coupons and prices: what each gives, what it asks for, and until when."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from banyan.entitlements.access import visible_grants, visible_prices
from banyan.entitlements.actions import claim_coupon
from banyan.entitlements.models import Grant, PriceRight
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import Conflict

from ...http import actor, private, signed_in
from ..market.cards import product_title

MOST_SHOWN = 100
STATES = {
    "held": ("good", gettext_lazy("Yours to use")),
    "reserved": ("gold", gettext_lazy("In an order that waits for payment")),
    "redeemed": ("", gettext_lazy("Used")),
    "expired": ("", gettext_lazy("Ran out")),
    "revoked": ("", gettext_lazy("Taken back")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def coupons_mine(request: HttpRequest) -> HttpResponse:
    """List the member's coupons; on POST take one by its code."""
    if request.method != "POST":
        return _page(request)
    code = request.POST.get("code", "")[:40]
    try:
        grant = claim_coupon(actor=actor(request), code=code)
    except Conflict as problem:
        return _page(request, code, problem)
    messages.success(request, _("%(title)s is yours.") % {"title": grant.coupon.title})
    return redirect("coupons_mine")


def _page(request: HttpRequest, code: str = "", problem: Conflict | None = None) -> HttpResponse:
    grants = list(visible_grants(actor(request))[:MOST_SHOWN])
    context = {
        "nav": "me",
        "prices": [_price(one) for one in visible_prices(actor(request))[:MOST_SHOWN]],
        "held": [_row(one) for one in grants if one.state in {"held", "reserved"}],
        "past": [_row(one) for one in grants if one.state not in {"held", "reserved"}],
        "code": code,
        "error": problem.message if problem else "",
    }
    return render(request, "shop/orders/coupons.html", context, status=422 if problem else 200)


def _price(right: PriceRight) -> dict[str, Any]:
    variant, product = right.variant, right.variant.product
    on_sale = variant.is_active and product.state == "active" and product.shop.state == "open"
    return {
        # Of what the platform took down the name is gone, too; why the price is theirs is not.
        "title": right.title if product.state == "taken_down" else product_title(product),
        "amount": Money(right.amount, right.currency),
        "why": right.title,
        "shop": product.shop.name,
        "expires_at": right.expires_at,
        "url": f"/checkout?variant={right.variant_id}&n=1" if on_sale else "",
    }


def _row(grant: Grant) -> dict[str, Any]:
    coupon, state = grant.coupon, grant.state
    if state == "held" and grant.expires_at and grant.expires_at <= clock.now():
        state = "expired"
    kind, word = STATES[state]
    shop = coupon.shop
    return {
        "title": coupon.title,
        "terms": coupon.terms.sentences(coupon.currency),
        "shop": shop.name if shop else "",
        "shop_url": reverse("shop", args=[shop.slug]) if shop else "",
        "kind": kind,
        "state": word,
        "expires_at": grant.expires_at,
        "starts_at": coupon.starts_at,
        "paused": not coupon.is_active,
    }
