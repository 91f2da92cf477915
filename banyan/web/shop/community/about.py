"""All posts about a product."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from banyan.catalog.access import get_product_for
from banyan.community.queries import END, PAGE, about_product, hydrate

from ...http import actor, number, revalidated
from ..market.cards import product_title, product_url
from ..standing.age import age_of, gate
from .feed import noted_cards


@require_safe
@revalidated
def product_posts(request: HttpRequest, shop_slug: str, slug: str) -> HttpResponse:
    """Show the public posts that show a product, newest first."""
    who = actor(request)
    product, _images = get_product_for(who, shop_slug, slug)
    if product.min_age and age_of(request) < product.min_age:
        return gate(request, min_age=product.min_age)
    before = number(request.GET, "before")
    ids = about_product(who, product.pk, before=END if before is None else before)
    context = {
        "nav": "explore",
        "title": product_title(product),
        "product_url": product_url(product),
        "posts": noted_cards(request, hydrate(who, ids)),
        "more_url": f"?before={ids[-1]}" if len(ids) == PAGE else "",
    }
    return render(request, "shop/community/about.html", context)
