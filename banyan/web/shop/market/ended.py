"""The end page of an offer: says honestly that it is over, and shows what is near."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from banyan.catalog.access import visible_products
from banyan.catalog.models import Product, Shop
from banyan.sharing.models import Link

from ..standing.age import age_of
from .arrival import Arrival, arrival_of
from .cards import product_cards, product_title

NEAR = 6


def ended_product(request: HttpRequest, product: Product) -> HttpResponse:
    """Say that a product is no longer on sale."""
    return ended(request, title=_title(request, product), shop=product.shop, like=product)


def _title(request: HttpRequest, product: Product) -> str:
    """Return how it was called; empty of what was taken down, or asks for a confirmed age."""
    if product.state == "taken_down" or (product.min_age or 0) > age_of(request):
        return ""
    return product_title(product)


def ended_link(request: HttpRequest, link: Link | None, touch_id: int | None) -> HttpResponse:
    """Say that what a link led to is gone, or that the link was withdrawn.

    A withdrawn link passes no credit on; one to a closed offer still does.
    """
    if link is None:
        return ended(request)
    product, shop = _target(link)
    arrival = arrival_of(request, link=link, touch=str(touch_id or ""))
    title = _title(request, product) if product else shop.name if shop else ""
    return ended(request, title=title, shop=shop, like=product, arrival=arrival)


def _target(link: Link) -> tuple[Product | None, Shop | None]:
    """Return what the link showed, if the public has seen it."""
    if link.target_kind == "product":
        product = Product.objects.select_related("shop").filter(pk=link.target_id).first()
        return product, product.shop if product else None
    if link.target_kind == "shop":
        return None, Shop.objects.filter(pk=link.target_id).first()
    return None, None


def ended(
    request: HttpRequest,
    *,
    title: str = "",
    shop: Shop | None = None,
    like: Product | None = None,
    arrival: Arrival | None = None,
) -> HttpResponse:
    """Answer 404 with the page: near is the same shop, then what is new anywhere."""
    arrival = arrival or arrival_of(request)
    near = visible_products().select_related("shop").order_by("-published_at", "-id")
    if like is not None:
        near = near.exclude(pk=like.pk)
    rows = list(near.filter(shop=shop)[:NEAR]) if shop is not None else []
    if len(rows) < NEAR:
        rows += list(near.exclude(pk__in=[row.pk for row in rows])[: NEAR - len(rows)])
    context = {
        "nav": "explore",
        "title": title,
        "shop": shop if shop is not None and shop.state == "open" else None,
        "products": product_cards(rows, via=arrival.code),
        "arrival": arrival,
    }
    return render(request, "shop/market/ended.html", context, status=404)
