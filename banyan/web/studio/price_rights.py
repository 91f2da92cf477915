"""Prices of their own that members have at the shop: whose, until when; and taking one back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop
from banyan.entitlements.access import get_price_right_for_staff, visible_price_rights
from banyan.entitlements.actions import withdraw_price_right
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem

from ..http import actor, number, private, signed_in
from .room import page, refusal_of, shop_of

PAGE = 30


@require_safe
@private
@signed_in
def price_rights(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List who may buy what at which price until when, newest first; of one campaign if named."""
    return _list(request, shop_of(request, shop_slug, MANAGERS))


@require_POST
@private
@signed_in
def price_right_withdraw(request: HttpRequest, shop_slug: str, right_id: int) -> HttpResponse:
    """Take a price back, with a reason that its owner reads."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if get_price_right_for_staff(actor(request), right_id).variant.product.shop_id != shop.pk:
        raise NotFound()
    try:
        reason = request.POST.get("reason", "")
        withdraw_price_right(actor=actor(request), right_id=right_id, reason=reason)
    except Problem as problem:
        return _list(request, shop, refusal_of(problem))
    messages.success(request, _("The price is taken back, and its owner is told why."))
    return redirect("studio_price_rights", shop.slug)


def _list(request: HttpRequest, shop: Shop, problem: Problem | None = None) -> HttpResponse:
    campaign_id = number(request.GET, "campaign")
    found = visible_price_rights(
        actor(request), shop.pk, campaign_id=campaign_id, before=number(request.GET, "before")
    )
    rows = list(found[: PAGE + 1])
    more = f"?before={rows[PAGE - 1].pk}" if len(rows) > PAGE else ""
    if more and campaign_id is not None:
        more += f"&campaign={campaign_id}"
    context = {"rows": [_row(one) for one in rows[:PAGE]], "more_url": more}
    return page(request, shop, "campaigns", "studio/price_rights.html", context, problem)


def _row(right: PriceRight) -> dict[str, object]:
    live = right.state == "held" and clock.now() < right.expires_at
    words = {
        "held": (_("Can be used"), "good") if live else (_("Over"), ""),
        "reserved": (_("In an order"), "ink"),
        "redeemed": (_("Used"), ""),
        "returned": (_("Given back"), ""),
        "expired": (_("Over"), ""),
        "revoked": (_("Taken back"), "bad"),
    }
    return {
        "right": right,
        "price": Money(right.amount, right.currency),
        "state": words[right.state],
        "live": live,
    }
