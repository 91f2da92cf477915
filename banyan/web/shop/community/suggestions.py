"""What a search could be about, while it is typed: words that are there, and goods."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from banyan.catalog.queries import products_called
from banyan.kernel import search
from banyan.web.ui import addresses

from ...http import revalidated
from ..market.cards import product_title, product_url
from .search import words_of

WORDS, GOODS = 6, 4


@require_safe
@revalidated
def words(request: HttpRequest) -> HttpResponse:
    """Show words that begin so and goods that have them; a page of its own without htmx."""
    query = words_of(request)
    explore = addresses.url("explore")
    context = {
        "nav": "explore",
        "search_query": query,
        "words": [
            {"text": text, "url": f"{explore}?{urlencode({'q': text})}"}
            for text in search.beginning_with(query, most=WORDS)
        ],
        "goods": [
            {"text": product_title(one), "url": product_url(one)}
            for one in (products_called(query, most=GOODS) if query else [])
        ],
    }
    part = "words_list" if request.htmx else "words"  # type: ignore[attr-defined]  # its middleware
    return render(request, f"shop/community/{part}.html", context)
