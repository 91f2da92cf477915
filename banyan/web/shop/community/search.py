"""What a search finds: goods, posts, members and shops that this viewer may see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.access import visible_shops
from banyan.catalog.actions import note_empty_search
from banyan.catalog.queries import (
    Chosen,
    chosen_products,
    facets_of,
    narrowed,
    products_in_order,
    read_chosen,
)
from banyan.community.access import visible_posts
from banyan.community.queries import hydrate
from banyan.kernel import search
from banyan.kernel.actors import Actor
from banyan.kernel.search import BOUND, NOTHING, Found
from banyan.media.queries import thumb_urls
from banyan.people.access import visible_accounts
from banyan.web.ui import addresses
from banyan.web.ui.shapes import Tab

from ...http import actor
from ..market.cards import product_cards, shop_faces
from ..market.facets import more_url, panel
from . import categories
from .cards import face, post_cards

LONGEST_QUERY = 80
FEW = {"goods": 12, "posts": 12, "people": 8, "shops": 12}
PAGE = {"goods": 24, "posts": 20, "people": 40, "shops": 40}
KINDS = tuple(FEW)


@dataclass(slots=True)
class _Look:
    """What was found of each kind that was looked for, and by which words if others were meant."""

    by_kind: dict[str, Found]
    meant: str = ""

    def __bool__(self) -> bool:
        return any(found.ids for found in self.by_kind.values())


def words_of(request: HttpRequest) -> str:
    """Return what was typed, cut to a length that anybody types."""
    return " ".join(request.GET.get("q", "").replace("\0", " ").split())[:LONGEST_QUERY].strip()


def found(request: HttpRequest, query: str) -> HttpResponse:
    """Draw what was found. ``kind`` asks for one kind alone, ``after`` for its next page."""
    who, chosen = actor(request), read_chosen(request.GET)
    asked_kind = request.GET.get("kind", "")
    kind = "goods" if chosen else asked_kind if asked_kind in KINDS else ""
    place, chips = categories.chosen(request.GET.get("category", ""), query=query)
    kinds = (kind,) if kind else KINDS
    look = _look(who, query, kinds, chosen, exact=request.GET.get("exact", "") == "1")
    if not look and not kind:
        note_empty_search(query)
    context: dict[str, Any] = {
        "nav": "explore",
        "search_query": query,
        "kind": kind,
        "categories": chips if kind in {"", "goods"} else [],
        "category": categories.name_of(place),
        "tabs": _tabs(query, kind, look),
        "meant": look.meant,
        "exact_url": "?" + urlencode({"q": query, "exact": 1}),
        "nothing": not look,
        "words_url": f"{addresses.url('search_words')}?{urlencode({'q': query})}",
    }
    after = request.GET.get("after", "")[:60] if kind else ""
    for each, rows in look.by_kind.items():
        ids, following = rows.page(after=after, size=(PAGE if kind else FEW)[each])
        context[each] = _DRAWN[each](who, ids)
        context[f"{each}_url"] = more_url(request.GET, following, kind=each)
    goods = look.by_kind.get("goods")
    if goods is not None and kind == "goods":
        bound = str(BOUND) if goods.more else ""
        context["panel"] = panel(request.GET, chosen, facets_of(goods.ids, chosen), bound=bound)
    return render(request, "shop/community/search.html", context)


def _look(who: Actor, query: str, kinds: tuple[str, ...], chosen: Chosen, *, exact: bool) -> _Look:
    """Look for the words as they stand, then by their sound, then for what may have been meant.

    Readers of Chinese type sounds as a matter of course, so for them that comes first.
    """
    places = _places(who, kinds, chosen)
    plain, heard = search.plain(query), search.by_sound(query)
    ways = [heard or plain] if (get_language() or "").startswith("zh") else [plain, heard]
    for way in ways:
        look = _Look(search.search_each(places, narrowed(way, chosen)))
        if look:
            return look
    meant = "" if exact else search.meant(query)
    if meant:
        corrected = _Look(search.search_each(places, narrowed(search.plain(meant), chosen)), meant)
        if corrected:
            return corrected
    return _Look(dict.fromkeys(kinds, NOTHING))


def _places(who: Actor, kinds: tuple[str, ...], chosen: Chosen) -> dict[str, search.Place]:
    """Return what may be found of each kind."""
    every: dict[str, Callable[[], QuerySet[Any]]] = {
        "goods": lambda: chosen_products(chosen),
        "posts": lambda: visible_posts(who),
        "people": lambda: visible_accounts(who),
        "shops": visible_shops,
    }
    return {kind: (every[kind](), "words") for kind in kinds}


def _tabs(query: str, kind: str, look: _Look) -> list[Tab]:
    """Return a tab for each kind; how many are told of those that were looked for."""
    names = {"goods": _("Goods"), "posts": _("Posts"), "people": _("People"), "shops": _("Shops")}
    tabs = [Tab(_("All"), "?" + urlencode({"q": query}), current=not kind)]
    for each, name in names.items():
        url = "?" + urlencode({"q": query, "kind": each})
        rows = look.by_kind.get(each)
        text = _("%(name)s, more than") % {"name": name} if rows and rows.more else name
        tabs.append(Tab(text, url, each == kind, len(rows.ids) if rows else None))
    return tabs


def _goods(who: Actor, ids: list[int]) -> list[Any]:
    return product_cards(products_in_order(ids))


def _posts(who: Actor, ids: list[int]) -> list[Any]:
    return post_cards(hydrate(who, ids))


def _people(who: Actor, ids: list[int]) -> list[Any]:
    rows = visible_accounts(who).in_bulk(ids)
    thumbs = thumb_urls(row.avatar_id for row in rows.values())
    return [face(rows[pk], thumbs.get(rows[pk].avatar_id or 0)) for pk in ids if pk in rows]


def _shops(who: Actor, ids: list[int]) -> list[Any]:
    rows = visible_shops().in_bulk(ids)
    return shop_faces(rows[pk] for pk in ids if pk in rows)


_DRAWN = {"goods": _goods, "posts": _posts, "people": _people, "shops": _shops}
