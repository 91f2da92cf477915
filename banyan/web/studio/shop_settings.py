"""The shop's settings: what it says of itself, shipping, and what sharers earn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS
from banyan.catalog.models import Product, Shop
from banyan.earnings import actions as earnings
from banyan.earnings.models import PlanVersion
from banyan.kernel.problems import NotFound, Problem
from banyan.media.actions import claim_staged, stage
from banyan.media.models import Image
from banyan.media.problems import UploadRefused
from banyan.media.queries import staged_for, thumb_urls
from banyan.notify.rules import zones
from banyan.people.rules.countries import country_names

from ..http import actor, pressed, private, signed_in
from .room import page, refusal_of, shop_of
from .typed import Typed

MOST_PRODUCTS = 500
LOOK = {
    "cover": (
        gettext_lazy("Cover"),
        gettext_lazy("A wide picture at the head of the shop's page."),
    ),
    "logo": (
        gettext_lazy("Logo"),
        gettext_lazy(
            "Beside the shop's name, in a circle; its first letters stand there without one."
        ),
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def shop_settings(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show and change the settings; ``form`` names which of the three forms was sent."""
    shop = shop_of(request, shop_slug, MANAGERS)
    if request.method != "POST":
        return _page(request, shop)
    try:
        form = pressed(request, "", "shop", "look", "terms", name="form")
        if form == "terms":
            _set_terms(request, shop)
            messages.success(request, _("The new terms hold from the next order on."))
        elif form == "look":
            _set_look(request, shop)
            messages.success(request, _("Saved."))
        else:
            _set_shop(request, shop)
            messages.success(request, _("Saved."))
    except Problem as problem:
        return _page(request, shop, refusal_of(problem))
    return redirect("studio_settings", shop.slug)


def _set_shop(request: HttpRequest, shop: Shop) -> None:
    typed = Typed(request.POST)
    where = {name: typed.text(name) for name in ("country", "timezone") if name in request.POST}
    catalog.update_shop(
        actor=actor(request),
        shop_id=shop.pk,
        name=typed.text("name"),
        about=typed.text("about"),
        **where,
    )


def _set_look(request: HttpRequest, shop: Shop) -> None:
    """Take cover and logo as chosen: staged, sent along by a browser without script, or away."""
    who = actor(request)
    chosen: dict[str, str] = {}
    for name in LOOK:
        token, file = request.POST.get(name, ""), request.FILES.get(f"{name}_files")
        try:
            if not token and file is not None:
                token = stage(actor=who, data=file, filename=file.name or "").token
        except UploadRefused as refused:
            refused.fields = {name: refused.message}
            raise
        chosen[name] = token
    with transaction.atomic():
        values: dict[str, Image | None] = {}
        for name, token in chosen.items():
            if token:
                values[name] = claim_staged(actor=who, tokens=[token])[0]
            elif f"remove_{name}" in request.POST:
                values[name] = None
        catalog.update_shop(actor=who, shop_id=shop.pk, **values)


def _set_terms(request: HttpRequest, shop: Shop) -> None:
    typed = Typed(request.POST)
    rate, direct = typed.rate("rate_bps"), typed.rate("direct_bps")
    levels, hold = typed.whole("levels"), typed.whole("hold_days")
    product = typed.row_id("product")
    typed.required("rate_bps", "levels", "hold_days")
    typed.check()
    if product is not None and not Product.objects.filter(pk=product, shop=shop).exists():
        raise NotFound()
    earnings.set_plan(
        actor=actor(request),
        shop_id=shop.pk,
        product_id=product,
        rate_bps=rate or 0,
        levels=levels or 0,
        direct_bps=10_000 if direct is None else direct,
        hold_days=hold or 0,
    )


def _page(request: HttpRequest, shop: Shop, problem: Problem | None = None) -> HttpResponse:
    versions = list(
        PlanVersion.objects.filter(plan__shop=shop)
        .select_related("plan__product")
        .order_by("plan_id", "-number")
        .distinct("plan_id")
    )
    general = next((v for v in versions if v.plan.product_id is None), None)
    sent = request.POST.get("form") if problem else ""
    thumbs = thumb_urls([shop.cover_id, shop.logo_id])
    context = {
        "form": sent,
        "look": [
            {
                "name": name,
                "label": label,
                "help": told,
                "thumb_url": thumbs.get(image_id or 0, ""),
                "staged": staged_for(actor(request), request.POST.getlist(name)),
                "error": problem.fields.get(name, "") if problem else "",
            }
            for (name, (label, told)), image_id in zip(
                LOOK.items(), (shop.cover_id, shop.logo_id), strict=True
            )
        ],
        "values": request.POST if sent == "shop" else _shop_values(shop),
        "countries": _with_own(country_names(get_language() or "en"), shop.country),
        "zones": [name for name, _text in _with_own([(z, z) for z in zones()], shop.timezone)],
        "terms": request.POST if sent == "terms" else _term_values(general),
        "general": general,
        "special": [
            {"version": v, "rate": percent_text(v.rate_bps)}
            for v in versions
            if v.plan.product_id is not None
        ],
        "products": Product.objects.filter(shop=shop)
        .exclude(state="archived")
        .order_by("title", "id")[:MOST_PRODUCTS],
    }
    return page(request, shop, "settings", "studio/settings.html", context, problem)


def _shop_values(shop: Shop) -> dict[str, str]:
    return {name: getattr(shop, name) for name in ("name", "about", "country", "timezone")}


def _with_own(choices: Iterable[tuple[str, str]], own: str) -> list[tuple[str, str]]:
    """Return what can be chosen, and what the shop has: a program may have set another one."""
    found = list(choices)
    return found if own in dict(found) else [(own, own), *found]


def _term_values(general: PlanVersion | None) -> dict[str, Any]:
    if general is None:
        return {"rate_bps": "", "levels": "1", "direct_bps": "", "hold_days": "7"}
    return {
        "rate_bps": percent_text(general.rate_bps),
        "levels": str(general.levels),
        "direct_bps": percent_text(general.direct_bps),
        "hold_days": str(general.hold_days),
    }


def percent_text(bps: int) -> str:
    """Return basis points as the percentage that is typed for them: 1250 is "12.5"."""
    whole, part = divmod(bps, 100)
    return f"{whole}.{part:02d}".rstrip("0") if part else str(whole)
