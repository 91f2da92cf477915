"""What a shop gives for points, and what it owes in them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Shop
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import PointsTerms
from banyan.entitlements.purses import outstanding, terms_of
from banyan.kernel.money import Money
from banyan.kernel.problems import Problem

from ..http import actor, private, signed_in
from .room import page, refusal_of, shop_of
from .typed import Typed


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def points(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show the terms and what is outstanding; on POST change the terms."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        return _page(request, shop)
    try:
        _set(request, shop)
    except Problem as problem:
        return _page(request, shop, refusal_of(problem))
    messages.success(request, _("Saved."))
    return redirect("studio_points", shop.slug)


def _set(request: HttpRequest, shop: Shop) -> None:
    typed = Typed(request.POST, shop.currency)
    names = ("earn", "worth", "most_percent", "life_days")
    said = {name: typed.whole(name) or 0 for name in names}
    typed.required(*names)
    typed.check()
    entitlements.set_points_terms(
        actor=actor(request), shop_id=shop.pk, is_on=typed.text("is_on") == "on", **said
    )


def _page(request: HttpRequest, shop: Shop, problem: Problem | None = None) -> HttpResponse:
    terms = terms_of(shop.pk)
    owed, liability = outstanding(terms) if terms else (0, None)
    context = {
        "terms": request.POST if problem else terms or PointsTerms(currency=shop.currency),
        "outstanding": owed,
        "liability": liability,
        "worth_of_two": Money(2, shop.currency),
    }
    return page(request, shop, "settings", "studio/points.html", context, problem)
