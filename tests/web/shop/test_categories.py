"""Goods by category: an address of its own, words that stay, and one more statement."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Category
from banyan.kernel.actors import Actor
from tests.support import factories as make

pytestmark = pytest.mark.django_db
EXPLORE = reverse("explore")


def category(slug: str, position: int = 0, names: dict[str, str] | None = None) -> Category:
    return catalog.add_category(
        actor=Actor.system("test"),
        slug=slug,
        names={"en": slug.title()} | (names or {}),
        position=position,
        reason="test",
    )


def shown(query: str = "", *, status: int = 200, language: str = "en") -> str:
    answer = Client().get(EXPLORE + query, headers={"accept-language": language})
    assert answer.status_code == status
    return answer.content.decode()


def chips(html: str) -> list[tuple[str, str, bool]]:
    """Return text, address and whether it is chosen of every chip of the row of categories."""
    row = html.partition('aria-label="Categories of goods"')[2].partition("</nav>")[0]
    found = re.findall(r'<a class="chip" href="([^"]+)"( aria-current="true")?>([^<]+)</a>', row)
    return [(text, url.replace("&amp;", "&"), bool(now)) for url, now, text in found]


def test_a_chip_leads_to_the_goods_of_its_category_alone() -> None:
    category("cups", 2)
    category("books", 1)
    category("empty")
    make.product(title="Blue mug", category="cups")
    make.product(title="A thick novel", category="books")
    make.product(title="A thing of no kind")

    row = chips(shown())
    assert row == [
        ("All", EXPLORE, True),
        ("Books", f"{EXPLORE}?category=books", False),
        ("Cups", f"{EXPLORE}?category=cups", False),
    ], "in their order, and none without anything on sale"

    cups = shown("?category=cups")
    assert "Blue mug" in cups
    assert "A thick novel" not in cups
    assert "A thing of no kind" not in cups
    assert "<h1>Cups</h1>" in cups
    assert [now for _text, _url, now in chips(cups)] == [False, False, True]


def test_the_words_stay_when_a_category_is_chosen_and_the_category_when_there_is_more() -> None:
    category("cups")
    category("books")
    for number in range(25):
        make.product(title=f"Blue mug {number}", category="cups")
    make.product(title="Blue stories", category="books")
    make.product(title="Red mug", category="cups")
    make.shop(name="Bluebird Corner")

    everything = shown("?q=blue")
    assert "Blue stories" in everything
    assert "Bluebird Corner" in everything
    [_all, cups, _books] = chips(everything)
    assert cups[1] == f"{EXPLORE}?q=blue&category=cups"

    found = shown("?q=blue&category=cups")
    assert "Blue mug" in found
    for other in ("Blue stories", "Red mug", "Bluebird Corner"):
        assert other not in found, other
    assert chips(found)[0] == ("All", f"{EXPLORE}?q=blue", False)
    more = re.search(r'href="(\?q=blue&amp;category=cups&amp;kind=goods&amp;after=[^"]+)"', found)
    assert more, "the next page keeps words and category"
    last = shown(more[1].replace("&amp;", "&"))
    assert len(set(re.findall(r"Blue mug \d+", last))) == 1
    assert "Blue stories" not in last


def test_a_long_category_goes_on_in_pages() -> None:
    category("cups")
    for number in range(25):
        make.product(title=f"Mug {number:02d}", category="cups")
    first = shown("?category=cups")
    assert "Mug 24" in first
    assert "Mug 00" not in first
    more = re.search(r'href="(\?category=cups&amp;after=[^"]+)"', first)
    assert more
    assert "Mug 00" in shown(more[1].replace("&amp;", "&"))


def test_a_sold_out_category_says_so_and_an_unknown_one_is_not_found() -> None:
    category("cups")
    product = make.product(category="cups")
    catalog.unpublish_product(actor=make.actor(product.shop.owner), product_id=product.pk)
    assert "Nothing in this category is on sale just now." in shown("?category=cups")
    assert shown("?category=nonsense", status=404)
    assert shown("?q=blue&category=nonsense", status=404)


def test_without_categories_there_is_no_empty_row() -> None:
    make.product()
    assert "Categories of goods" not in shown()


def test_names_are_in_the_readers_language_and_fall_back_to_the_other_script() -> None:
    category("cups", names={"zh-hans": "杯子"})
    make.product(category="cups")
    for language in ("zh-hans", "zh-hant"):
        assert "杯子" in shown(language=language), language


def test_the_row_costs_explore_one_statement() -> None:
    def count() -> int:
        shown()
        with CaptureQueriesContext(connection) as seen:
            shown()
        return len(seen)

    make.product()
    before = count()
    with CaptureQueriesContext(connection) as seen:
        shown()
    assert sum('"catalog_category"' in query["sql"] for query in seen) == 1
    for slug in ("cups", "books", "food"):
        category(slug)
        make.product(category=slug)
    assert count() == before
