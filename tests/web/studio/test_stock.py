"""The stock table, through its forms."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from django.urls import reverse

from banyan.catalog import actions as catalog
from banyan.catalog.models import Stock, StockAt, StockLocation
from tests.support import factories

from .scene import client

pytestmark = pytest.mark.django_db

HTMX = {"headers": {"hx-request": "true"}}


def test_the_table_shows_what_is_promised_kept_and_free() -> None:
    item = factories.variant(stock=9)
    shop = item.product.shop
    factories.place((item, 2))
    catalog.hold([(item.pk, 3)], reference="sale:1")

    html = client(shop.owner).get(reverse("studio_stocks", args=[shop.slug])).content.decode()

    cells = [part.partition("</td>")[0] for part in html.split('<td class="num"')[1:]]
    assert [cell.rpartition(">")[2] for cell in cells] == ["2", "3", "4"]


@pytest.mark.parametrize(("show", "seen"), [("all", 3), ("low", 2), ("out", 1)])
def test_low_and_sold_out_are_found(show: str, seen: int) -> None:
    shop = factories.shop()
    for n in (0, 2, 9):
        factories.variant(shop, stock=n)
    url = reverse("studio_stocks", args=[shop.slug])
    html = client(shop.owner).get(url, {"show": show}).content.decode()
    assert html.count('<tr id="stock-') == seen


def test_words_and_skus_are_found() -> None:
    shop = factories.shop()
    variants = [catalog.VariantInput(price=100, on_hand=1, sku="CUP-1")]
    factories.product(shop, title="Blue cup", variants=variants)
    factories.product(shop, title="Green plate")
    url = reverse("studio_stocks", args=[shop.slug])
    for query in ("cup", "cup-1"):
        html = client(shop.owner).get(url, {"q": query}).content.decode()
        assert html.count('<tr id="stock-') == 1, query
        assert "Blue cup" in html


def test_an_edit_is_saved_with_and_without_script() -> None:
    item = factories.variant(stock=5)
    shop = item.product.shop
    url = reverse("studio_stock_edit", args=[shop.slug, item.pk])
    browser = client(shop.owner)

    plain = browser.post(url, {"on_hand": "7", "saw": "5"})
    row = browser.post(url, {"on_hand": "8", "saw": "7"}, **HTMX)  # type: ignore[arg-type]

    assert plain.status_code == 302
    assert row.status_code == 200
    assert row.content.startswith(b'<tr id="stock-') or b'<tr id="stock-' in row.content
    assert Stock.objects.get(variant=item).on_hand == 8


@pytest.mark.parametrize("script", [False, True])
def test_a_figure_that_changed_meanwhile_is_shown_and_confirmed(script: bool) -> None:
    item = factories.variant(stock=5)
    shop = item.product.shop
    browser, url = client(shop.owner), reverse("studio_stock_edit", args=[shop.slug, item.pk])
    catalog.set_on_hand(actor=factories.actor(shop.owner), variant_id=item.pk, on_hand=6)
    more = HTMX if script else {}

    answer = browser.post(url, {"on_hand": "9", "saw": "5"}, **more)  # type: ignore[arg-type]

    html = answer.content.decode()
    assert answer.status_code == (200 if script else 422)
    assert 'name="saw" value="6"' in html
    assert 'value="9"' in html
    assert "Confirm" in html
    assert Stock.objects.get(variant=item).on_hand == 6
    browser.post(url, {"on_hand": "9", "saw": "6"}, **more)  # type: ignore[arg-type]
    assert Stock.objects.get(variant=item).on_hand == 9


@pytest.mark.parametrize("typed", ["", "-1", "nine", "1e3", "99999999"])
def test_nonsense_is_refused(typed: str) -> None:
    item = factories.variant(stock=5)
    shop = item.product.shop
    url = reverse("studio_stock_edit", args=[shop.slug, item.pk])
    answer = client(shop.owner).post(url, {"on_hand": typed, "saw": "5"})
    assert answer.status_code == 422
    assert Stock.objects.get(variant=item).on_hand == 5


@pytest.mark.parametrize("saw", ["5", "9"])
@pytest.mark.parametrize("script", [False, True])
def test_what_was_put_away_meanwhile_is_not_found_and_not_counted(script: bool, saw: str) -> None:
    item = factories.variant(stock=5)
    shop = item.product.shop
    browser, url = client(shop.owner), reverse("studio_stock_edit", args=[shop.slug, item.pk])
    catalog.archive_product(actor=factories.actor(shop.owner), product_id=item.product_id)
    more = HTMX if script else {}

    answer = browser.post(url, {"on_hand": "7", "saw": saw}, **more)  # type: ignore[arg-type]

    assert answer.status_code == 404
    assert Stock.objects.get(variant=item).on_hand == 5


def test_goods_are_carried_to_a_location_and_its_story_is_told() -> None:
    item = factories.variant(stock=5)
    shop = item.product.shop
    browser = client(shop.owner)
    browser.post(reverse("studio_stock_locations", args=[shop.slug]), {"name": "Barn"})
    barn = StockLocation.objects.get()
    url = reverse("studio_stock_carry", args=[shop.slug, item.pk])

    moved = browser.post(url, {"quantity": "3", "source": "", "target": barn.pk})
    refused = browser.post(url, {"quantity": "3", "source": "", "target": barn.pk})

    assert (moved.status_code, refused.status_code) == (302, 422)
    assert StockAt.objects.get().on_hand == 3
    story = browser.get(reverse("studio_stock_story", args=[shop.slug, item.pk])).content.decode()
    assert story.count("Carried") == 2
    assert "Barn" in story


def test_thresholds_are_set() -> None:
    item = factories.variant(stock=5)
    shop = item.product.shop
    browser = client(shop.owner)
    browser.post(reverse("studio_stock_low", args=[shop.slug, item.pk]), {"low_at": "7"})
    browser.post(reverse("studio_stock_locations", args=[shop.slug]), {"low_at": "11"})
    shop.refresh_from_db()
    assert (Stock.objects.get(variant=item).low_at, shop.low_stock_at) == (7, 11)


def test_the_file_holds_every_figure_and_no_formula() -> None:
    shop = factories.shop()
    factories.product(shop, title="=1+1", stock=4)
    odd = catalog.VariantInput(price=1, values=["\t=2+2"], sku="'-3")
    factories.product(shop, title="杯子", options=["Size"], variants=[odd])
    answer = client(shop.owner).get(reverse("studio_stock_csv", args=[shop.slug]))
    text = b"".join(answer).decode()
    assert text[0] == "\ufeff", "without it spreadsheets take Chinese letters for others"
    rows = list(csv.reader(io.StringIO(text[1:])))
    assert rows[0] == [
        *("sku", "product", "variant", "on_hand", "reserved", "allocated", "held", "free")
    ]
    assert rows[1][:3] == ["''-3", "杯子", "'\t=2+2"]
    assert rows[2] == ["", "'=1+1", "", "4", "0", "0", "0", "4"]


def test_the_file_holds_what_the_list_shows_and_not_one_page_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("banyan.web.studio.stock.PAGE", 1)
    shop = factories.shop()
    for title, stock in (("Blue cup", 0), ("Red cup", 0), ("Green cup", 9), ("Plate", 0)):
        factories.product(shop, title=title, stock=stock)
    browser = client(shop.owner)
    list_url = reverse("studio_stocks", args=[shop.slug])

    html = browser.get(list_url, {"q": "cup", "show": "out"}).content.decode()
    link = re.search(r'href="([^"]*stock\.csv[^"]*)"', html)
    assert link
    file = b"".join(browser.get(unescape(link[1]))).decode("utf-8-sig")

    titles = [row[1] for row in csv.reader(io.StringIO(file))][1:]
    assert sorted(titles) == ["Blue cup", "Red cup"]


def test_strangers_see_and_change_nothing() -> None:
    item, mine = factories.variant(stock=5), factories.variant(stock=5)
    shop, own = item.product.shop, mine.product.shop
    stranger = client(own.owner)
    assert stranger.get(reverse("studio_stocks", args=[shop.slug])).status_code == 404
    assert stranger.get(reverse("studio_stock_csv", args=[shop.slug])).status_code == 404
    for name, data in (
        ("studio_stock_edit", {"on_hand": "9", "saw": "5"}),
        ("studio_stock_low", {"low_at": "1"}),
        ("studio_stock_carry", {"quantity": "1"}),
    ):
        for slug in (shop.slug, own.slug):
            answer = stranger.post(reverse(name, args=[slug, item.pk]), data)
            assert answer.status_code == 404, (name, slug)
    assert Stock.objects.get(variant=item).on_hand == 5
