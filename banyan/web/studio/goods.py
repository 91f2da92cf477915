"""The shop's goods: the list with stock, and taking things on and off sale."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from banyan.catalog import actions as catalog
from banyan.catalog.access import MANAGERS, get_product_for_staff, get_variant_for_staff
from banyan.catalog.models import Product, Shop, Variant
from banyan.kernel import search
from banyan.kernel.money import Money
from banyan.kernel.problems import NotFound, Problem
from banyan.media.queries import pictures
from banyan.orders.queries import first_images

from ..http import actor, number, pressed, private, signed_in
from ..shop.people.sessions import safe_next
from .room import page, refusal_of, shop_of
from .typed import Typed
from .words import product_state

PAGE = 30


@require_safe
@private
@signed_in
def goods(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """List the shop's goods, newest first, with a field for the stock of each variant."""
    return _page(request, shop_of(request, shop_slug))


def _page(
    request: HttpRequest, shop: Shop, problem: Problem | None = None, variant_id: int = 0
) -> HttpResponse:
    active = Variant.objects.filter(is_active=True).select_related("stock")
    rows = Product.objects.filter(shop=shop).order_by("-id")
    query = request.GET.get("q", "").strip()[:80]
    if query:
        wanted = search.asked(query)
        rows = rows.filter(words__words=wanted) if wanted else rows.none()
    before = number(request.GET, "before")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    if variant_id:
        # A refused figure is shown where it was typed, also when that is not the first page.
        product_id = Variant.objects.values_list("product_id", flat=True).get(pk=variant_id)
        rows = rows.filter(pk__lte=max(product_id, _floor(request)))
    found = list(rows.prefetch_related(Prefetch("variants", queryset=active))[: PAGE + 1])
    images = first_images(product.pk for product in found)
    shown = pictures(list(images.values()))
    context = {
        "rows": [
            {
                "product": product,
                "picture": shown.get(images.get(product.pk, 0)),
                "state": product_state(product.state),
                "variants": [
                    _variant(variant, request, problem, variant_id)
                    for variant in product.variants.all()
                ],
            }
            for product in found[:PAGE]
        ],
        "query": query,
        "here": request.POST.get("next") or request.get_full_path(),
        "more_url": _more(query, found[PAGE - 1].pk) if len(found) > PAGE else "",
    }
    return page(request, shop, "goods", "studio/goods.html", context, problem)


def _more(query: str, before: int) -> str:
    return "?" + urlencode(({"q": query} if query else {}) | {"before": str(before)})


def _floor(request: HttpRequest) -> int:
    return number(request.POST, "newest") or 0


def _variant(
    variant: Variant, request: HttpRequest, problem: Problem | None, refused: int
) -> dict[str, Any]:
    stock = variant.stock
    mine = problem is not None and variant.pk == refused
    return {
        "variant": variant,
        "choice": " / ".join(variant.values),
        "price": Money(variant.price_amount, variant.currency),
        "promised": stock.promised,
        "free": stock.free,
        "saw": stock.on_hand,
        "value": request.POST.get("on_hand", "") if mine else stock.on_hand,
        "error": (problem.fields.get("on_hand") or problem.message) if mine and problem else "",
    }


@require_POST
@private
@signed_in
def stock(request: HttpRequest, shop_slug: str, variant_id: int) -> HttpResponse:
    """Set what lies on the shelf of one variant."""
    shop = shop_of(request, shop_slug)
    who = actor(request)
    if get_variant_for_staff(who, variant_id).product.shop_id != shop.pk:
        raise NotFound()
    typed = Typed(request.POST)
    try:
        on_hand, saw = typed.whole("on_hand"), typed.whole("saw")
        typed.required("on_hand")
        typed.check()
        catalog.set_on_hand(actor=who, variant_id=variant_id, on_hand=on_hand or 0, saw=saw)
    except Problem as problem:
        return _page(request, shop, refusal_of(problem), variant_id)
    messages.success(request, _("The stock is set."))
    return redirect(safe_next(request, reverse("studio_goods", args=[shop.slug])))


@require_POST
@private
@signed_in
def publish(request: HttpRequest, shop_slug: str, product_id: int) -> HttpResponse:
    """Put a product on sale, take it off, or put it away."""
    shop = shop_of(request, shop_slug, MANAGERS)
    who = actor(request)
    if get_product_for_staff(who, product_id).shop_id != shop.pk:
        raise NotFound()
    wanted = pressed(request, "publish", "archive", "unpublish")
    try:
        if wanted == "publish":
            catalog.publish_product(actor=who, product_id=product_id)
            messages.success(request, _("It is on sale."))
        elif wanted == "archive":
            catalog.archive_product(actor=who, product_id=product_id)
            messages.success(request, _("It is put away."))
        else:
            catalog.unpublish_product(actor=who, product_id=product_id)
            messages.success(request, _("It is a draft again; nobody can buy it."))
    except Problem as problem:
        return _page(request, shop, refusal_of(problem))
    return redirect("studio_product", shop.slug, product_id)
