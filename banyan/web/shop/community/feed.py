"""Home, explore, profiles and boards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.catalog.access import visible_products, visible_shops
from banyan.catalog.models import Product
from banyan.community.access import visible_boards
from banyan.community.queries import PAGE, Shown, following_ids, hydrate, newest_ids, posts_of
from banyan.media.queries import pictures, thumb_urls
from banyan.people.queries import profile_card
from banyan.people.rules.countries import region_name
from banyan.storefronts.access import visible_storefronts
from banyan.web.ui import addresses
from banyan.web.ui.shapes import PostCard, Tab

from ...http import actor, number, revalidated
from ..heads import head_of
from ..market.cards import product_cards, shop_faces
from ..people.faces import face_of
from ..sharing.shown import note_shown
from . import categories, search
from .cards import post_cards

_END = 2**63 - 1


def _before(request: HttpRequest) -> int:
    found = number(request.GET, "before")
    return _END if found is None else found


def _tabs(current: str) -> list[Tab]:
    return [
        Tab(text=_("Following"), url=addresses.url("home"), current=current == "home"),
        Tab(text=_("Discover"), url=addresses.url("explore"), current=current == "explore"),
        Tab(text=_("Second-hand"), url=addresses.url("listings")),
    ]


def noted_cards(
    request: HttpRequest, posts: Iterable[Shown], small: Mapping[int, str] | None = None
) -> list[PostCard]:
    """Return the cards and note whom their links are shown to; ``small`` as in ``post_cards``."""
    drawn = [shown for shown in posts if shown.images]
    note_shown(request, (shown.post.link for shown in drawn))
    return post_cards(drawn, small)


@require_safe
@revalidated
def home(request: HttpRequest) -> HttpResponse:
    """The following feed of a member; visitors get what is new."""
    who = actor(request)
    before = _before(request)
    following = who.id is not None
    ids = following_ids(who, before=before) if following else newest_ids(who, before=before)
    if following and not ids and before == _END:
        ids, following = newest_ids(who), False
    context = {
        "nav": "home",
        "tabs": _tabs("home" if following else "explore"),
        "posts": noted_cards(request, hydrate(who, ids)),
        "more_url": f"?before={ids[-1]}" if len(ids) == PAGE else "",
        "products": product_cards(_new_goods(8)) if before == _END and not following else [],
    }
    return render(request, "shop/community/feed.html", context)


def _new_goods(limit: int) -> list[Product]:
    return list(visible_products().select_related("shop").order_by("-published_at")[:limit])


@require_safe
@revalidated
def explore(request: HttpRequest) -> HttpResponse:
    """What is new from everybody; ``q`` asks for words, ``category`` for goods of one kind."""
    who = actor(request)
    query = search.words_of(request)
    if query:
        return search.found(request, query)
    if request.GET.get("category"):
        return categories.goods(request)
    before = _before(request)
    ids = newest_ids(who, before=before)
    goods = _new_goods(12) if before == _END else []
    shops = list(visible_shops().order_by("-id")[:12]) if before == _END else []
    posts = hydrate(who, ids)
    # Faces and logos in one statement: this page has the most to ask for.
    authors = (shown.post.author.avatar_id for shown in posts)
    small = thumb_urls([*authors, *(shop.logo_id for shop in shops)])
    context = {
        "nav": "explore",
        "tabs": _tabs("explore"),
        "posts": noted_cards(request, posts, small),
        "products": product_cards(goods),
        "shops": shop_faces(shops, small),
        "categories": categories.chips() if before == _END else [],
        "more_url": f"?before={ids[-1]}" if len(ids) == PAGE else "",
    }
    return render(request, "shop/community/feed.html", context)


@require_safe
@revalidated
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """A member's page: who they are, their posts and boards."""
    who = actor(request)
    card = profile_card(who, handle)
    account = card.account
    ids = posts_of(who, account.pk, before=_before(request))
    person = face_of(account)
    context: dict[str, Any] = {
        "nav": "me" if card.is_self else "explore",
        "account": account,
        "card": card,
        "region": region_name(card.region, get_language() or "en"),
        "person": person,
        "posts": noted_cards(request, hydrate(who, ids)),
        "boards": visible_boards(who, account.pk),
        "shops": shop_faces(visible_shops().filter(owner=account)),
        "storefront": visible_storefronts().filter(owner=account, group_id=None).first(),
        "more_url": f"?before={ids[-1]}" if len(ids) == PAGE else "",
    }
    own = pictures([account.avatar_id]).get(account.avatar_id or 0)
    shown = [own, *(one.picture for one in context["posts"])]
    context["head"] = head_of(
        request,
        kind="profile",
        title=f"{account.display_name} (@{account.handle})",
        description=card.bio,
        path=addresses.url("profile", account.handle),
        picture=next((one for one in shown if one), None),
        data=[
            {
                "@type": "ProfilePage",
                "mainEntity": {
                    "@type": "Person",
                    "name": account.display_name,
                    "alternateName": account.handle,
                },
            }
        ],
    )
    return render(request, "shop/community/profile.html", context)
