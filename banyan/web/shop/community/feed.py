"""Home, explore, profiles and boards."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from banyan.catalog.access import visible_products, visible_shops
from banyan.catalog.models import Product
from banyan.community.access import get_board_for, visible_boards
from banyan.community.queries import (
    PAGE,
    Shown,
    board_ids,
    following_ids,
    hydrate,
    newest_ids,
    posts_of,
)
from banyan.media.queries import pictures
from banyan.people.access import get_account_for
from banyan.people.models import Follow
from banyan.web.ui.shapes import PostCard, Tab

from ...http import actor, revalidated
from ..heads import head_of
from ..market.cards import product_cards
from ..sharing.shown import note_shown
from . import search
from .cards import face, post_cards

_END = 2**63 - 1


def _before(request: HttpRequest) -> int:
    text = request.GET.get("before", "")
    return int(text) if text.isdigit() and len(text) < 20 else _END


def _tabs(current: str) -> list[Tab]:
    return [
        Tab(text=_("Following"), url=reverse("home"), current=current == "home"),
        Tab(text=_("Discover"), url=reverse("explore"), current=current == "explore"),
    ]


def _cards(request: HttpRequest, posts: Iterable[Shown]) -> list[PostCard]:
    """Return the cards and note whom their links are shown to."""
    drawn = [shown for shown in posts if shown.images]
    note_shown(request, (shown.post.link for shown in drawn))
    return post_cards(drawn)


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
        "posts": _cards(request, hydrate(who, ids)),
        "more_url": f"?before={ids[-1]}" if len(ids) == PAGE else "",
        "products": product_cards(_new_goods(8)) if before == _END and not following else [],
    }
    return render(request, "shop/community/feed.html", context)


def _new_goods(limit: int) -> list[Product]:
    return list(visible_products().select_related("shop").order_by("-published_at")[:limit])


@require_safe
@revalidated
def explore(request: HttpRequest) -> HttpResponse:
    """What is new from everybody; with ``q`` what has these words."""
    who = actor(request)
    query = request.GET.get("q", "").strip()[: search.LONGEST_QUERY]
    if query:
        return search.found(request, query)
    before = _before(request)
    ids = newest_ids(who, before=before)
    goods = _new_goods(12) if before == _END else []
    shops = list(visible_shops().order_by("-id")[:12]) if before == _END else []
    context = {
        "nav": "explore",
        "tabs": _tabs("explore"),
        "posts": _cards(request, hydrate(who, ids)),
        "products": product_cards(goods),
        "shops": shops,
        "more_url": f"?before={ids[-1]}" if len(ids) == PAGE else "",
    }
    return render(request, "shop/community/feed.html", context)


@require_safe
@revalidated
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """A member's page: who they are, their posts and boards."""
    who = actor(request)
    account = get_account_for(who, handle)
    ids = posts_of(who, account.pk, before=_before(request))
    avatar = pictures([account.avatar_id]).get(account.avatar_id) if account.avatar_id else None
    follows = who.id is not None and (
        Follow.objects.filter(follower_id=who.id, followee=account, state=1).exists()
    )
    context: dict[str, Any] = {
        "nav": "me" if who.id == account.pk else "explore",
        "account": account,
        "person": face(account, avatar["src"] if isinstance(avatar, dict) else None),
        "bio": account.profile.bio if hasattr(account, "profile") else "",
        "posts": _cards(request, hydrate(who, ids)),
        "boards": visible_boards(who, account.pk),
        "shops": visible_shops().filter(owner=account),
        "follows": follows,
        "is_me": who.id == account.pk,
        "more_url": f"?before={ids[-1]}" if len(ids) == PAGE else "",
    }
    shown = [avatar, *(card.picture for card in context["posts"])]
    context["head"] = head_of(
        request,
        kind="profile",
        title=f"{account.display_name} (@{account.handle})",
        description=context["bio"],
        path=reverse("profile", args=[account.handle]),
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


@require_safe
@revalidated
def board(request: HttpRequest, handle: str, slug: str) -> HttpResponse:
    """A board."""
    who = actor(request)
    found = get_board_for(who, handle, slug)
    context = {
        "nav": "explore",
        "board": found,
        "posts": _cards(request, hydrate(who, board_ids(who, found.pk))),
    }
    return render(request, "shop/community/board.html", context)
