"""A collection of a shop as shoppers see it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from banyan.catalog.access import get_collection_for
from banyan.catalog.queries import products_in
from banyan.web.ui import addresses

from ...http import actor, number, revalidated
from ..heads import breadcrumbs, head_of
from .arrival import arrival_of
from .cards import product_cards

PAGE = 24
LAST = 100


@require_safe
@revalidated
def collection(request: HttpRequest, shop_slug: str, slug: str) -> HttpResponse:
    """Show what is in a collection now, a page at a time."""
    found = get_collection_for(actor(request), shop_slug, slug)
    arrival = arrival_of(request)
    page = max(1, number(request.GET, "page", most=LAST) or 1)
    rows = list(products_in(found)[(page - 1) * PAGE : page * PAGE + 1])
    cards = product_cards(rows[:PAGE], via=arrival.code, touch=arrival.touch)
    path = addresses.url("collection", found.shop.slug, found.slug)
    via = f"&via={arrival.code}" if arrival.code else ""
    context: dict[str, Any] = {
        "nav": "explore",
        "collection": found,
        "shop": found.shop,
        "products": cards,
        "arrival": arrival,
        "more_url": f"?page={page + 1}{via}" if len(rows) > PAGE else "",
        "head": head_of(
            request,
            kind="website",
            title=found.title,
            description=found.about,
            path=path,
            picture=next((card.picture for card in cards if card.picture), None),
            code=arrival.code,
            data=[
                {"@type": "CollectionPage", "name": found.title, "description": found.about},
                breadcrumbs(
                    request,
                    (found.shop.name, addresses.url("shop", found.shop.slug)),
                    (found.title, path),
                ),
            ],
        ),
    }
    return render(request, "shop/market/collection.html", context)
