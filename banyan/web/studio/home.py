"""The way into the studio: the member's shops, and opening one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from banyan.catalog import actions as catalog
from banyan.catalog.models import Shop, ShopStaff
from banyan.kernel.problems import Problem

from ..http import actor, private, signed_in
from ..once import led_to, name_of
from ..shop.market.cards import shop_faces
from .room import refusal_of
from .typed import Typed

CURRENCIES = ("CNY", "TWD", "HKD", "USD", "EUR", "GBP", "JPY", "SGD", "MYR")


@require_safe
@private
@signed_in
def home(request: HttpRequest) -> HttpResponse:
    """Go to the member's only shop, or list their shops.

    Who has only the little shop of what they sell second-hand is not taken there: they would find
    no way to open one.
    """
    mine = (
        ShopStaff.objects.filter(account_id=actor(request).id or 0)
        .select_related("shop")
        .order_by("shop__name", "id")
    )
    places = list(mine)
    if len(places) == 1 and places[0].shop.kind == "merchant":
        return redirect("studio_today", places[0].shop.slug)
    faces = shop_faces(place.shop for place in places)
    context = {"places": list(zip(places, faces, strict=True)), "nav": "studio"}
    return render(request, "studio/home.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@private
@signed_in
def shop_open(request: HttpRequest) -> HttpResponse:
    """Open a shop."""
    context: dict[str, Any] = {
        "nav": "studio",
        "values": request.POST if request.method == "POST" else {"currency": CURRENCIES[0]},
        "errors": {},
        "currencies": CURRENCIES,
        "approval": settings.SHOP_APPROVAL,
    }
    if request.method != "POST":
        return render(request, "studio/shop_open.html", context)
    try:
        return redirect(led_to(request, name_of(request), lambda: _opened_at(request)))
    except Problem as problem:
        context |= {"problem": refusal_of(problem), "errors": problem.fields}
        return render(request, "studio/shop_open.html", context, status=422)


def _opened_at(request: HttpRequest) -> str:
    made = _open(request)
    if made.state == "open":
        messages.success(request, _("Your shop is open. Add the first thing you sell."))
    else:
        told = _("Your shop waits for approval. You can prepare its goods already.")
        messages.info(request, told)
    return reverse("studio_goods", args=[made.slug])


def _open(request: HttpRequest) -> Shop:
    currency = request.POST.get("currency", "")
    if currency not in CURRENCIES:
        currency = CURRENCIES[0]
    typed = Typed(request.POST, currency)
    shipping = typed.amount("shipping_amount")
    free_from = typed.amount("free_shipping_from")
    typed.check()
    return catalog.open_shop(
        actor=actor(request),
        name=typed.text("name"),
        slug=typed.text("slug"),
        currency=currency,
        about=typed.text("about"),
        shipping_amount=shipping or 0,
        free_shipping_from=free_from,
    )
