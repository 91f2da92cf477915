"""What a search finds: members, shops, goods and posts that this viewer may see."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from banyan.catalog.access import visible_products, visible_shops
from banyan.catalog.models import Category
from banyan.community.access import visible_posts
from banyan.community.queries import hydrate
from banyan.kernel import search
from banyan.kernel.actors import Actor
from banyan.media.queries import thumb_urls
from banyan.people.access import visible_accounts

from ...http import actor
from ..market.cards import product_cards, shop_faces
from . import categories
from .cards import face, post_cards

LONGEST_QUERY = 80
MEMBERS = 8
SHOPS = 12
GOODS = 12
POSTS = 20
KINDS = ("goods", "posts")


def found(request: HttpRequest, query: str) -> HttpResponse:
    """Draw what was found. ``kind`` and ``after`` ask for more of the goods or of the posts."""
    who = actor(request)
    kind = request.GET.get("kind", "")
    after = request.GET.get("after", "") if kind in KINDS else ""
    chosen, chips = categories.chosen(request.GET.get("category", ""), query=query)
    context: dict[str, Any] = {"nav": "explore", "search_query": query, "kind": kind}
    context |= {"categories": chips, "category": categories.name_of(chosen)}
    if chosen is not None:
        kind = "goods"  # only goods are sorted into categories
    if kind not in KINDS:
        context |= {"people": _members(who, query), "shops": _shops(query)}
    if kind != "posts":
        context |= _goods(query, after, chosen)
    if kind != "goods":
        context |= _posts(who, query, after)
    context["nothing"] = not any(
        context.get(name) for name in ("people", "shops", "products", "posts")
    )
    return render(request, "shop/community/search.html", context)


def _more(query: str, kind: str, after: str, category: str = "") -> str:
    if not after:
        return ""
    kept = {"category": category} if category else {}
    return "?" + urlencode({"q": query, **kept, "kind": kind, "after": after})


def _members(who: Actor, query: str) -> list[Any]:
    page = search.page_of(visible_accounts(who), "words", query.lstrip("@"), size=MEMBERS)
    rows = visible_accounts(who).in_bulk(page.ids)
    thumbs = thumb_urls(row.avatar_id for row in rows.values())
    return [face(rows[pk], thumbs.get(rows[pk].avatar_id or 0)) for pk in page.ids if pk in rows]


def _shops(query: str) -> list[Any]:
    return shop_faces(visible_shops().filter(name__icontains=query).order_by("name", "id")[:SHOPS])


def _goods(query: str, after: str, chosen: Category | None) -> dict[str, Any]:
    among = visible_products()
    if chosen is not None:
        among = among.filter(category=chosen)
    page = search.page_of(among, "words", query, after=after, size=GOODS)
    rows = visible_products().select_related("shop").in_bulk(page.ids)
    return {
        "products": product_cards([rows[pk] for pk in page.ids if pk in rows]),
        "goods_url": _more(query, "goods", page.after, chosen.slug if chosen else ""),
    }


def _posts(who: Actor, query: str, after: str) -> dict[str, Any]:
    page = search.page_of(visible_posts(who), "words", query, after=after, size=POSTS)
    return {
        "posts": post_cards(hydrate(who, page.ids)),
        "posts_url": _more(query, "posts", page.after),
    }
