"""Goods by category: the row of chips, and what one of them leads to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.models import Category
from banyan.catalog.queries import (
    Facets,
    categories_on_sale,
    facets_of,
    list_products,
    name_in,
    products_in_order,
    read_chosen,
)
from banyan.kernel.problems import NotFound
from banyan.kernel.search import BOUND
from banyan.web.ui import addresses

from ..market.cards import product_cards
from ..market.facets import more_url, panel

PAGE = 24


@dataclass(frozen=True, slots=True)
class Chip:
    """A category to choose: ``url`` keeps the words that were searched for."""

    text: str
    url: str
    selected: bool = False


def name_of(category: Category | None) -> str:
    """Return a category's name in the reader's language; empty without one."""
    return name_in(category, get_language() or "en") if category else ""


def chosen(slug: str, *, query: str = "") -> tuple[Category | None, list[Chip]]:
    """Return the category of ``slug`` and the row of chips, "all" first. One statement.

    The row is empty where nothing on sale has a category. NotFound for a slug that is none; one
    whose goods are all sold is still a place, so this asks for it by name.
    """
    offered = categories_on_sale()
    found = next((each for each in offered if each.slug == slug), None)
    if slug and found is None:
        found = Category.objects.filter(slug=slug).first()
        if found is None:
            raise NotFound()
        offered.append(found)
    return found, chips(offered, found, query=query)


def chips(
    offered: Sequence[Category], found: Category | None = None, *, query: str = ""
) -> list[Chip]:
    """Return the row of chips of some categories, ``found`` chosen; empty without any."""
    if not offered:
        return []
    return [
        Chip(_("All"), _url(query=query), found is None),
        *(
            Chip(name_of(each), _url(query=query, category=each.slug), each == found)
            for each in offered
        ),
    ]


def goods(request: HttpRequest) -> HttpResponse:
    """Show the goods of a category, and of what stands below it, of highest standing first."""
    category, row = chosen(request.GET.get("category", ""))
    narrowed = read_chosen(request.GET)
    after = request.GET.get("after", "")[:60]
    rows = list_products(narrowed, after=after)
    ids, following = rows.page(size=PAGE)
    # Later pages show what was chosen; counts are of the whole, so the first page has them.
    facets = Facets() if after else facets_of(rows.ids, narrowed)
    bound = str(BOUND) if rows.more else ""
    context = {
        "nav": "explore",
        "category": name_of(category),
        "categories": row,
        "panel": panel(request.GET, narrowed, facets, bound=bound),
        "products": product_cards(products_in_order(ids)),
        "more_url": more_url(request.GET, following),
    }
    return render(request, "shop/community/category.html", context)


def _url(*, query: str = "", category: str = "") -> str:
    told = {"q": query} if query else {}
    told |= {"category": category} if category else {}
    return addresses.url("explore") + (f"?{urlencode(told)}" if told else "")
