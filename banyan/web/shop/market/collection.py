"""A collection of a shop as shoppers see it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from banyan.catalog.access import get_collection_for
from banyan.catalog.queries import products_in, traits_of
from banyan.web.ui import addresses

from ...http import actor, number, revalidated
from ..heads import breadcrumbs, head_of
from .arrival import arrival_of
from .cards import product_cards
from .facts import trait_key, trait_text

PAGE = 24
LAST = 100


@require_safe
@revalidated
def collection(request: HttpRequest, shop_slug: str, slug: str) -> HttpResponse:
    """Show what is in a collection now, a page at a time."""
    found = get_collection_for(actor(request), shop_slug, slug)
    arrival = arrival_of(request)
    page = max(1, number(request.GET, "page", most=LAST) or 1)
    goods = products_in(found)
    traits = traits_of(goods)
    wanted = request.GET.get("only", "")
    chosen = next((one for one in traits if trait_key(one) == wanted), None)
    if chosen is not None:
        goods = goods.filter(attributes__contains={chosen.attribute.code: chosen.value})
    rows = list(goods[(page - 1) * PAGE : page * PAGE + 1])
    cards = product_cards(rows[:PAGE], via=arrival.code, touch=arrival.touch)
    path = addresses.url("collection", found.shop.slug, found.slug)
    kept = {"via": arrival.code, "t": arrival.touch if arrival.code else ""}
    kept = {name: value for name, value in kept.items() if value}
    only = {"only": wanted} if chosen else {}
    context: dict[str, Any] = {
        "nav": "explore",
        "collection": found,
        "shop": found.shop,
        "products": cards,
        "arrival": arrival,
        "traits": [
            {
                "text": f"{trait_text(one)} ({one.count})",
                "url": f"?{urlencode(kept if one == chosen else kept | {'only': trait_key(one)})}",
                "selected": one == chosen,
            }
            for one in traits
        ],
        "more_url": f"?{urlencode(kept | only | {'page': str(page + 1)})}"
        if len(rows) > PAGE
        else "",
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
