"""Home, explore, profiles and boards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from banyan.campaigns.honour import name_of
from banyan.campaigns.queries import marks_shown
from banyan.catalog.access import visible_products, visible_shops
from banyan.catalog.models import Product
from banyan.catalog.queries import Front, front
from banyan.community import actions as community
from banyan.community.access import visible_boards
from banyan.community.queries import (
    END,
    PAGE,
    Shown,
    balanced,
    count_new,
    followed_among,
    following_ids,
    hydrate,
    hydrate_with_files,
    list_ids,
    near_ids,
    newest_ids,
    posts_of,
    unmuted,
)
from banyan.community.queries import explore as ranked_posts
from banyan.community.rules import WINDOW
from banyan.kernel.actors import Actor
from banyan.kernel.digits import whole
from banyan.media.queries import Files, pictures
from banyan.people.access import NOTHING, Mutes, get_list_for, mutes_of
from banyan.people.queries import friends_in_common, people_you_may_know, profile_card
from banyan.people.rules.countries import region_name
from banyan.storefronts.access import visible_storefronts
from banyan.web.ui import addresses
from banyan.web.ui.shapes import PostCard, ProductCard

from ...http import actor, number, revalidated, signed_in
from ...streams import ticket
from ..heads import head_of
from ..market.cards import cards_of, product_cards, shop_faces
from ..people.faces import face_of, faces_of
from ..sharing.shown import note_shown
from . import categories, search
from .cards import post_cards
from .feed_tabs import tabs

MOST_AUTHORS = 7
_LOOK_BACK = WINDOW - 1
# Why a post stands in a ranked feed, in the words of its card (queries.feeds.ranking).
REASONS = {
    "followed": _("From somebody you follow"),
    "group": _("From a group of yours"),
    "topic": _("About a topic you follow"),
    "goods": _("Shows something from posts you like"),
    "near": _("From your region"),
    "hot": _("Many people like it now"),
    "new": _("New here"),
    "own": _("Your own post"),
}


def before_of(request: HttpRequest) -> int:
    """Return the cursor of a feed that runs by descending id; its top for none."""
    found = number(request.GET, "before")
    return END if found is None else found


def noted_cards(
    request: HttpRequest, posts: Iterable[Shown], reasons: Mapping[int, str] | None = None
) -> list[PostCard]:
    """Return the cards and note whom their links are shown to; ``reasons`` as in ``post_cards``."""
    drawn = list(posts)
    note_shown(request, (shown.post.link for shown in drawn))
    return post_cards(drawn, reasons)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a feed that runs by descending id, ready to draw, and the address of the next.

    ``files`` are those of its pictures, and of others that were asked for with it.
    """

    posts: list[Shown]
    more: str
    files: Files


def page_of(
    request: HttpRequest,
    ids: list[int],
    mutes: Mutes = NOTHING,
    *,
    image_ids: Iterable[int | None] = (),
) -> Page:
    """Take out what the member muted, and what is paid and too much; pages may come out shorter.

    What was paid among the cards before travels in the address, so that the cap holds across
    pages; whoever changes it changes their own page.
    """
    who = actor(request)
    bits = number(request.GET, "paid", most=2**_LOOK_BACK - 1) or 0
    before = [bool(bits >> place & 1) for place in reversed(range(_LOOK_BACK))]
    kept = balanced(who, ids, before=before)
    found, files = hydrate_with_files(who, list(kept), reasons=kept, image_ids=image_ids)
    posts = unmuted(who, found, mutes)
    if len(ids) < PAGE:
        return Page(posts, "", files)
    paid = [bool(one.reason) and one.post.author_id != who.id for one in posts]
    last = (before + paid)[-_LOOK_BACK:]
    bits = sum(flag << place for place, flag in enumerate(reversed(last)))
    more = "?" + urlencode({"before": ids[-1]} | ({"paid": bits} if bits else {}))
    return Page(posts, more, files)


@require_safe
@revalidated
def home(request: HttpRequest) -> HttpResponse:
    """The following feed of a member, what is new since the last visit apart; others get news."""
    who = actor(request)
    before = before_of(request)
    mutes = mutes_of(who)
    if who.id is not None:
        ids = following_ids(who, before=before, mutes=mutes)
        if ids or before != END:
            return _following(request, ids, mutes, first=before == END)
    page = page_of(request, newest_ids(who, before=before), mutes)
    context = {
        "nav": "home",
        "tabs": tabs("home" if who.id is not None else "explore"),
        "posts": noted_cards(request, page.posts),
        "more_url": page.more,
        "suggested": _suggested(who),
        "welcome": who.id is not None and before == END,
        "products": _to_be_had_first(product_cards(_new_goods(8))) if before == END else [],
    }
    return render(request, "shop/community/feed.html", context)


def _following(request: HttpRequest, ids: list[int], mutes: Mutes, *, first: bool) -> HttpResponse:
    who, page = actor(request), page_of(request, ids, mutes)
    seen = community.move_marker(actor=who, feed="following", seen_id=ids[0]) if first else 0
    context: dict[str, Any] = {
        "nav": "home",
        "tabs": tabs("home"),
        "posts": noted_cards(request, (one for one in page.posts if one.post.pk > seen)),
        "seen_posts": noted_cards(request, (one for one in page.posts if one.post.pk <= seen)),
        "more_url": page.more,
    }
    if first:
        authors = [shown.post.author_id for shown in page.posts]
        context |= {"fresh": True, "count": 0} | _fresh_box(request, ids[0], authors)
    return render(request, "shop/community/feed.html", context)


def _fresh_box(request: HttpRequest, after: int, authors: Iterable[int]) -> dict[str, Any]:
    """Return what the box of new posts listens to: one's own feed, and widely followed authors.

    Those of this page, for they are the likeliest to write next; see community/topics.py.
    """
    me = actor(request).id or 0
    wide = [author for author in dict.fromkeys(authors) if author != me][:MOST_AUTHORS]
    asked = urlencode({"after": after, "by": ",".join(str(author) for author in wide)})
    return {
        "live": ticket(request, f"feed:{me}", *(f"fans:{author}" for author in wide)),
        "fresh_url": f"{addresses.url('feed_fresh')}?{asked}",
    }


@signed_in
@require_safe
def fresh(request: HttpRequest) -> HttpResponse:
    """Answer the box of new posts alone, for a page that heard that there may be some."""
    after = number(request.GET, "after") or 0
    given = (whole(part) for part in request.GET.get("by", "").split(",")[:MOST_AUTHORS])
    # The address names authors; what it opens is to listen to those one follows.
    authors = followed_among(actor(request), [author for author in given if author])
    context = {"count": count_new(actor(request), after=after)}
    context |= _fresh_box(request, after, authors)
    return render(request, "shop/community/fresh.html", context)


@signed_in
@require_safe
@revalidated
def near(request: HttpRequest) -> HttpResponse:
    """Public posts from the region that one's own profile names."""
    who = actor(request)
    ids = near_ids(who, before=before_of(request))
    return plain(request, "near", page_of(request, ids, mutes_of(who)), reason=REASONS["near"])


@signed_in
@require_safe
@revalidated
def list_feed(request: HttpRequest, list_id: int) -> HttpResponse:
    """The posts of the people on one of one's own lists."""
    who, mutes = actor(request), mutes_of(actor(request))
    found = get_list_for(who, list_id)
    ids = list_ids(who, found.pk, before=before_of(request), mutes=mutes)
    page = page_of(request, ids, mutes)
    return plain(request, "list", page, title=found.name, back=found.pk)


def plain(
    request: HttpRequest, current: str, page: Page, *, reason: object = "", **more: Any
) -> HttpResponse:
    """Answer a page of a feed that has nothing but its posts; ``reason`` stands on every card."""
    reasons = {one.post.pk: str(reason) for one in page.posts}
    context = {
        "nav": "home",
        "tabs": tabs(current),
        "current": current,
        "posts": noted_cards(request, page.posts, reasons),
        "more_url": page.more,
    }
    return render(request, "shop/community/feed.html", context | more)


def _suggested(who: Actor) -> list[tuple[Any, int]]:
    """Return faces of people one may know, and how many friends are in common."""
    found = people_you_may_know(who, limit=6)
    faces = faces_of(one.account for one in found)
    return [(faces[one.account.pk], one.in_common) for one in found]


def _to_be_had_first(cards: list[ProductCard]) -> list[ProductCard]:
    """Put what is sold out behind the rest; each part stays as it was."""
    return sorted(cards, key=lambda card: card.sold_out)


def _new_goods(limit: int) -> list[Product]:
    return list(visible_products().select_related("shop").order_by("-published_at")[:limit])


@require_safe
@revalidated
def explore(request: HttpRequest) -> HttpResponse:
    """Posts ranked for the reader, with reasons; ``q`` asks for words, ``category`` for goods."""
    who = actor(request)
    query = search.words_of(request)
    if query:
        return search.found(request, query)
    if request.GET.get("category"):
        return categories.goods(request)
    cursor = request.GET.get("after", "")[:30]
    mutes = mutes_of(who)
    ranked = ranked_posts(who, cursor=cursor, mutes=mutes)
    reasons = {pk: str(REASONS[reason]) for pk, reason in ranked.posts}
    market = Front([], [], []) if cursor else front(goods=12)
    posts, files = hydrate_with_files(
        who,
        list(reasons),
        reasons=ranked.commercial,
        image_ids=[*(one.cover_id for one in market.goods), *(one.logo_id for one in market.shops)],
    )
    logos = {one.logo_id: files.thumb(one.logo_id) for one in market.shops if one.logo_id}
    context = {
        "nav": "explore",
        "tabs": tabs("explore"),
        "current": "explore",
        "posts": noted_cards(request, unmuted(who, posts, mutes), reasons),
        "products": _to_be_had_first(cards_of(market.goods, files)),
        "shops": shop_faces(market.shops, logos),
        "categories": categories.chips(market.categories),
        "more_url": "?" + urlencode({"after": ranked.next}) if ranked.next else "",
    }
    return render(request, "shop/community/feed.html", context)


@require_safe
@revalidated
def profile(request: HttpRequest, handle: str) -> HttpResponse:
    """A member's page: who they are, their posts and boards."""
    who = actor(request)
    card = profile_card(who, handle)
    account = card.account
    ids = posts_of(who, account.pk, before=before_of(request))
    person = face_of(account)
    context: dict[str, Any] = {
        "nav": "me" if card.is_self else "explore",
        "account": account,
        "card": card,
        "in_common": friends_in_common(who, account.pk),
        "adding": "add" in request.GET and not card.is_self and not card.is_following,
        "region": region_name(card.region, get_language() or "en"),
        "person": person,
        "posts": noted_cards(request, hydrate(who, ids)),
        "boards": visible_boards(who, account.pk),
        "shops": shop_faces(visible_shops().filter(owner=account)),
        "storefront": visible_storefronts().filter(owner=account, group_id=None).first(),
        "marks": [(name_of(rule), n) for rule, n in marks_shown(account.pk)],
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
