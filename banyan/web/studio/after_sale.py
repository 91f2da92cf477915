"""What a shop promises after the sale, and who it is in law."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.catalog.access import MANAGERS, works_in
from banyan.catalog.models import Shop
from banyan.kernel.problems import Problem
from banyan.orders import actions as orders
from banyan.orders.queries import entity_of, terms_of

from ..http import actor, pressed, private, signed_in
from .room import page, refusal_of, shop_of
from .typed import Typed


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def after_sale(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show and change both; ``form`` names which of the two was sent."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        return _page(request, shop)
    try:
        if pressed(request, "", "terms", "legal", name="form") == "legal":
            _set_legal(request, shop)
        else:
            _set_terms(request, shop)
    except Problem as problem:
        return _page(request, shop, refusal_of(problem))
    messages.success(request, _("Saved."))
    return redirect("studio_after_sale", shop.slug)


def _set_terms(request: HttpRequest, shop: Shop) -> None:
    typed = Typed(request.POST)
    confirm, back = typed.whole("confirm_days"), typed.whole("return_days")
    typed.required("confirm_days", "return_days")
    typed.check()
    orders.set_terms(
        actor=actor(request),
        shop_id=shop.pk,
        confirm_days=confirm or 0,
        return_days=back or 0,
        return_address=typed.text("return_address"),
        instructions=typed.text("instructions"),
    )


def _set_legal(request: HttpRequest, shop: Shop) -> None:
    typed = Typed(request.POST)
    orders.set_legal_entity(
        actor=actor(request),
        shop_id=shop.pk,
        name=typed.text("legal_name"),
        address=typed.text("legal_address"),
        tax_id=typed.text("tax_id"),
    )


def _page(request: HttpRequest, shop: Shop, problem: Problem | None = None) -> HttpResponse:
    sent = request.POST.get("form") if problem else ""
    entity = entity_of(shop.pk)
    legal = {
        "legal_name": entity.name if entity else "",
        "legal_address": entity.address if entity else "",
        "tax_id": entity.tax_id if entity else "",
    }
    context = {
        "terms": request.POST if sent == "terms" else terms_of(shop.pk),
        "legal": request.POST if sent == "legal" else legal,
        "owns": works_in(actor(request), shop.pk, ("owner",)),
        "entity": entity,
    }
    return page(request, shop, "settings", "studio/after_sale.html", context, problem)
