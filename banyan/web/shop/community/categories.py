"""Goods by category: the row of chips, and what one of them leads to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from banyan.catalog.access import visible_products
from banyan.catalog.models import Category
from banyan.catalog.queries import categories_on_sale, name_in
from banyan.kernel.problems import NotFound
from banyan.web.ui import addresses

from ...http import number
from ..market.cards import product_cards

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
    if not offered:
        return None, []
    chips = [Chip(_("All"), _url(query=query), found is None)]
    chips += [
        Chip(name_of(each), _url(query=query, category=each.slug), each == found)
        for each in offered
    ]
    return found, chips


def chips() -> list[Chip]:
    """Return the row of chips with none chosen. One statement."""
    return chosen("")[1]


def goods(request: HttpRequest) -> HttpResponse:
    """Show the goods of a category, newest first."""
    category, row = chosen(request.GET.get("category", ""))
    found = visible_products().filter(category=category).select_related("shop").order_by("-id")
    before = number(request.GET, "before")
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: PAGE + 1])
    more: dict[str, Any] = {}
    if category is not None and len(rows) > PAGE:
        more = {"category": category.slug, "before": rows[PAGE - 1].pk}
    context = {
        "nav": "explore",
        "category": name_of(category),
        "categories": row,
        "products": product_cards(rows[:PAGE]),
        "more_url": f"?{urlencode(more)}" if more else "",
    }
    return render(request, "shop/community/category.html", context)


def _url(*, query: str = "", category: str = "") -> str:
    told = {"q": query} if query else {}
    told |= {"category": category} if category else {}
    return addresses.url("explore") + (f"?{urlencode(told)}" if told else "")
