"""Goods by words and facets: bounded, in a fixed order, found by sound, counted, never personal."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.datastructures import MultiValueDict

from banyan.catalog import actions as catalog
from banyan.catalog.access import visible_products, visible_shops
from banyan.catalog.models import EmptySearch, Product, ProductWords, ShopWords
from banyan.catalog.queries import (
    Chosen,
    chosen_products,
    facets_of,
    list_products,
    narrowed,
    read_chosen,
)
from banyan.catalog.rules import scrubbed
from banyan.kernel import clock, search
from banyan.kernel.actors import Actor
from banyan.kernel.models import SearchCorpus, SearchWord
from banyan.kernel.search import finding
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def found(text: str, chosen: Chosen | None = None) -> list[str]:
    """Return the titles that a search finds, best first."""
    chosen = chosen or Chosen()
    ids = search.search(chosen_products(chosen), "words", narrowed(search.plain(text), chosen)).ids
    titles = dict(Product.objects.filter(pk__in=ids).values_list("id", "title"))
    return [titles[pk] for pk in ids]


def category(slug: str, parent: str = "") -> None:
    from banyan.catalog.models import Category

    made = catalog.add_category(
        actor=Actor.system("test"), slug=slug, names={"en": slug.title()}, reason="test"
    )
    if parent:
        Category.objects.filter(pk=made.pk).update(parent=Category.objects.get(slug=parent))


@pytest.mark.parametrize("typed", ["lianyiqun", "lyq", "LYQ", "lianyi", "lian yi qun", "hslyq"])
def test_a_chinese_word_is_found_by_its_sound(typed: str) -> None:
    item = make.product(title="红色连衣裙")
    make.product(title="蓝色衬衫")
    assert search.search(visible_products(), "words", search.plain(typed)).ids == []
    assert search.search(visible_products(), "words", search.by_sound(typed)).ids == [item.pk]


def test_a_half_remembered_chinese_word_is_found() -> None:
    make.product(title="手作陶瓷马克杯")
    assert found("瓷马") == ["手作陶瓷马克杯"]
    assert found("马瓷") == []


def test_of_a_frequent_word_the_highest_are_ranked_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make.shop()
    items = [make.product(shop, title=f"Cup {n}") for n in range(12)]
    monkeypatch.setattr(finding, "BOUND", 5)
    rows = search.search(visible_products(), "words", search.plain("cup"))
    assert rows.ids == [item.pk for item in reversed(items)][:5]
    assert rows.more
    assert search.search(visible_products(), "words", search.plain("cup 3")).more is False


@pytest.mark.parametrize("walked", [True, False], ids=["walked", "by the index"])
def test_counts_say_how_deep_to_look_and_the_answer_is_the_same(
    monkeypatch: pytest.MonkeyPatch, walked: bool
) -> None:
    """Given frequent words that seldom stand together, a look goes deeper until it knows."""
    shop = make.shop()
    for number in range(40):
        words = "Blue cup" if number in {1, 2} else "Blue" if number % 2 else "Red cup"
        make.product(shop, title=f"{words} {number}")
    by_hand = {text: found(text) for text in ("blue", "cup", "blue cup", "cup blue", "green")}
    for name, value in {"BOUND": 4, "FEW": 2, "_MARK": 2, "_QUICKER": 0 if walked else 99}.items():
        monkeypatch.setattr(finding, name, value)
    catalog.count_words()
    corpus = SearchCorpus.objects.get(name="catalog_productwords")
    assert corpus.documents == 40
    assert corpus.marks, "there are depths to look at"
    with CaptureQueriesContext(connection) as seen:
        assert found("blue") == by_hand["blue"][:4]
    assert any(" >= " in query["sql"] and "boost" in query["sql"] for query in seen), "it was cut"
    assert found("blue cup") == by_hand["blue cup"] == ["Blue cup 2", "Blue cup 1"]
    assert found("cup blue") == by_hand["cup blue"]
    assert found("green") == []


def test_what_sold_stands_higher_by_doublings_and_no_longer_when_it_comes_back() -> None:
    shop = make.shop()
    old, new = make.variant(shop), make.variant(shop)
    units = [(old.pk, 7)]
    catalog.reserve(units, reference="test")
    catalog.allocate(units, reference="test")
    catalog.ship_out(units, reference="test")
    assert catalog.lift_sold() == 1
    assert ProductWords.objects.get(product=old.product_id).boost == 90
    assert list_products(Chosen()).ids == [old.product_id, new.product_id]
    assert catalog.lift_sold() == 0, "nothing moved since"


def test_a_category_counts_what_stands_below_it() -> None:
    category("kitchen")
    category("cups", parent="kitchen")
    shop = make.shop()
    make.product(shop, title="Blue mug", category="cups")
    make.product(shop, title="Blue pan", category="kitchen")
    make.product(shop, title="Blue sofa")
    kitchen = read_chosen(MultiValueDict({"category": ["kitchen"]}))
    assert found("blue", kitchen) == ["Blue pan", "Blue mug"]
    assert len(list_products(kitchen).ids) == 2
    cups = read_chosen(MultiValueDict({"category": ["cups"]}))
    assert found("blue", cups) == ["Blue mug"]


def test_facets_are_counted_among_what_was_found() -> None:
    shop, other = make.shop(), make.shop()
    red, blue = (
        catalog.VariantInput(price=price, values=[value], on_hand=1)
        for price, value in ((1_000, "Red"), (9_000, "Blue"))
    )
    both = make.product(shop, title="Cup A", options=["Colour"], variants=[red, blue])
    one = make.product(shop, title="Cup B", options=["Colour"], variants=[red])
    out = make.product(other, title="Cup C", stock=0)
    Product.objects.filter(pk=out.pk).update(attributes={"glaze": "celadon"}, kind="digital")
    facets = facets_of([both.pk, one.pk, out.pk])
    assert facets.traits == {"Colour": [("Red", 2), ("Blue", 1)]}, "one glaze leaves no choice"
    assert facets.in_stock == 2
    assert facets.shops == [(shop.pk, 2), (other.pk, 1)]
    assert facets.kinds == [("goods", 2), ("digital", 1)]
    assert facets.prices == {"CNY": (1_000, 10_000)}
    assert facets_of([]).shops == []


def shelf() -> None:
    """Shirts whose colours and sizes, and what is in stock of them, go together differently."""
    shop = make.shop()
    for title, variants in {
        "A": [("Red", "M", 0, 10), ("Blue", "M", 5, 20)],
        "B": [("Red", "S", 5, 10), ("Blue", "M", 0, 10)],
        "C": [("Red", "M", 5, 30)],
        "D": [("Blue", "S", 1, 10)],
    }.items():
        made = make.product(
            shop,
            title=f"Shirt {title}",
            options=["Colour", "Size"],
            variants=[
                catalog.VariantInput(price=price * 100, values=[colour, size], on_hand=on_hand)
                for colour, size, on_hand, price in variants
            ],
        )
        cotton = (
            {"cloth": "cotton"} if title in "AB" else {"cloth": ["cotton", "wool"], "fair": True}
        )
        Product.objects.filter(pk=made.pk).update(attributes=cotton)
    named = make.product(shop, title="Shirt E", options=["Size", "Fit"], variants=[
        catalog.VariantInput(price=500, values=["Red", "M"], on_hand=1)
    ])  # fmt: skip
    Product.objects.filter(pk=named.pk).update(attributes={"Colour": "Red"})


@pytest.mark.parametrize(
    ("fields", "titles"),
    [
        ({"is": ["with:Colour=Red", "stock"]}, "BCE"),
        ({"is": ["with:Colour=Red", "with:Size=M"]}, "AC"),
        ({"is": ["with:Colour=Red", "with:Size=M", "stock"]}, "C"),
        ({"is": ["with:Colour=Red", "with:Colour=Blue"]}, ""),
        ({"is": ["with:Colour=Red"], "currency": ["CNY"], "to": ["15"]}, "ABE"),
        ({"is": ["stock"], "currency": ["CNY"], "to": ["15"]}, "BDE"),
        ({"is": ["with:cloth=wool", "with:Colour=Blue", "with:fair=yes"]}, "D"),
        ({"is": ["with:cloth=cotton", "with:Colour=Blue", "with:Size=M"]}, "AB"),
        ({"is": ["with:Size=Red"]}, "E"),
    ],
)
def test_what_variants_have_of_what_was_chosen_one_variant_has(
    fields: dict[str, list[str]], titles: str
) -> None:
    shelf()
    fitting = found("shirt", read_chosen(MultiValueDict(fields)))
    assert sorted(fitting) == [f"Shirt {each}" for each in titles]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"is": ["stock"]},
        {"is": ["with:Colour=Red"]},
        {"is": ["with:Size=M", "stock"]},
        {"is": ["with:cloth=cotton"], "currency": ["CNY"], "from": ["10"], "to": ["20"]},
    ],
)
def test_a_count_says_how_many_are_left_when_that_is_chosen_too(
    fields: dict[str, list[str]],
) -> None:
    shelf()
    chosen = read_chosen(MultiValueDict(fields))
    facets = facets_of(list_products(chosen).ids, chosen)
    assert facets.traits

    for name, values in facets.traits.items():
        for value, count in values:
            narrower = replace(chosen, traits=(*chosen.traits, (name, value)))
            assert chosen_products(narrower).count() == count, (name, value)
    assert chosen_products(replace(chosen, in_stock=True)).count() == facets.in_stock


def test_more_choices_are_no_more_looks_at_the_variants() -> None:
    shelf()
    chosen = Chosen(
        in_stock=True, currency="CNY", high=9_900, traits=(("Colour", "Red"), ("Size", "M"))
    )
    sql = str(chosen_products(chosen).query)
    assert sql.count('FROM "catalog_variant"') == 1


def test_yes_and_no_can_be_chosen_too() -> None:
    shop = make.shop()
    for title, value in (("Cup A", True), ("Cup B", False), ("Cup C", None)):
        made = make.product(shop, title=title)
        given = {} if value is None else {"handmade": value}
        Product.objects.filter(pk=made.pk).update(attributes=given)

    every = facets_of(list(Product.objects.values_list("id", flat=True)))

    assert every.traits == {"handmade": [("no", 1), ("yes", 1)]}
    for wish, title in (("yes", "Cup A"), ("no", "Cup B")):
        chosen = read_chosen(MultiValueDict({"is": [f"with:handmade={wish}"]}))
        assert found("cup", chosen) == [title]


def test_what_is_kept_for_a_sale_is_not_in_stock() -> None:
    item = make.variant(stock=2)
    make.product(title="Free")
    catalog.hold([(item.pk, 2)], reference="sale")

    assert facets_of(list(Product.objects.values_list("id", flat=True))).in_stock == 1
    stocked = read_chosen(MultiValueDict({"is": ["stock"]}))
    assert [one.title for one in chosen_products(stocked)] == ["Free"]


@pytest.mark.parametrize(
    ("fields", "titles"),
    [
        ({"is": ["with:Colour=Blue"]}, ["Cup A"]),
        ({"is": ["with:Colour=Red"]}, ["Cup B", "Cup A"]),
        ({"is": ["with:Colour=Red", "with:Colour=Blue"]}, []),
        ({"is": ["with:glaze=celadon"]}, ["Cup C"]),
        ({"is": ["stock"]}, ["Cup B", "Cup A"]),
        ({"is": ["kind:digital"]}, ["Cup C"]),
        ({"is": ["shop:left"]}, ["Cup B", "Cup A"]),
        ({"currency": ["CNY"], "to": ["10"]}, ["Cup B", "Cup A"]),
        ({"currency": ["CNY"], "from": ["80"], "to": ["95.5"]}, ["Cup A"]),
        ({"currency": ["USD"], "to": ["1000"]}, []),
    ],
)
def test_what_was_chosen_narrows(fields: dict[str, list[str]], titles: list[str]) -> None:
    shop, other = make.shop(slug="left"), make.shop()
    red, blue = (
        catalog.VariantInput(price=price, values=[value], on_hand=1)
        for price, value in ((1_000, "Red"), (9_000, "Blue"))
    )
    make.product(shop, title="Cup A", options=["Colour"], variants=[red, blue])
    make.product(shop, title="Cup B", options=["Colour"], variants=[red])
    out = make.product(other, title="Cup C", stock=0)
    Product.objects.filter(pk=out.pk).update(attributes={"glaze": ["celadon"]}, kind="digital")
    assert found("cup", read_chosen(MultiValueDict(fields))) == titles


@pytest.mark.parametrize(
    "fields",
    [
        {"category": ["none"]},
        {
            "is": [
                "",
                ":",
                "kind:nonsense",
                "shop:nobody",
                "with:",
                "with:a",
                "with:=b",
                "x" * 5_000,
            ]
        },
        {"from": ["1"]},
        {"from": ["-5"], "to": ["NaN"], "currency": ["CNY"]},
        {"from": ["1e999"], "to": ["9" * 40], "currency": ["CNY"]},
        {"from": ["1"], "currency": ["¥¥¥"]},
        {"category": ["\0"], "is": ["shop:\0"]},
    ],
)
def test_a_choice_that_makes_no_sense_chooses_nothing(fields: dict[str, list[str]]) -> None:
    assert not read_chosen(MultiValueDict(fields))


def test_a_listing_goes_on_behind_its_last_row() -> None:
    shop = make.shop()
    items = [make.product(shop) for _ in range(7)]
    chosen = read_chosen(MultiValueDict(), shop=shop)
    seen: list[int] = []
    after = ""
    for _page in range(4):
        ids, after = list_products(chosen, after=after).page(size=3)
        seen += ids
        if not after:
            break
    assert seen == [item.pk for item in reversed(items)]


def test_shops_are_found_by_name_and_by_what_they_say() -> None:
    shop = make.shop(name="陶坊 Kiln", slug="kiln")
    catalog.update_shop(actor=make.actor(shop.owner), shop_id=shop.pk, about="Fired by wood")
    for text in ("kil", "wood", "陶坊"):
        assert search.search(visible_shops(), "words", search.plain(text)).ids == [shop.pk], text
    catalog.update_shop(actor=make.actor(shop.owner), shop_id=shop.pk, name="Oven")
    assert not search.search(visible_shops(), "words", search.plain("陶坊")).ids
    ShopWords.objects.all().delete()
    assert catalog.reindex_shops() == 1
    assert search.search(visible_shops(), "words", search.plain("oven")).ids == [shop.pk]


def test_only_what_everybody_may_see_is_a_known_word() -> None:
    shop = make.shop()
    make.product(shop, title="Teapot")
    hidden = make.product(shop, title="Secretive")
    catalog.unpublish_product(actor=make.actor(shop.owner), product_id=hidden.pk)
    catalog.count_words()
    known = set(SearchWord.objects.values_list("word", flat=True))
    assert "teapot" in known
    assert "secretive" not in known
    assert search.meant("teapto") == "teapot"
    assert search.meant("secretivo") == ""
    assert search.beginning_with("secr", most=5) == []
    assert search.beginning_with("blue tea", most=5) == ["blue teapot"]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Blue   TEAPOT ", "blue teapot"),
        ("茶壶", "茶壶"),
        ("ana@example.com", ""),
        ("@ana", ""),
        ("call 138 0000 0000", ""),
        ("13800000000", ""),
        ("１３８００００", ""),
        ("iphone 15", "iphone 15"),
        ("https://x.y", ""),
        ("!?&|", ""),
        ("x" * 90, "x" * 40),
    ],
)
def test_nothing_about_a_person_is_kept_of_a_search(text: str, kept: str) -> None:
    assert scrubbed(text) == kept


def test_searches_without_a_result_are_counted_by_day_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from banyan.catalog.actions import words

    monkeypatch.setattr(words, "MOST_EMPTY_A_DAY", 2)
    for text in ("Kettle", "kettle ", "lamp", "chair"):
        catalog.note_empty_search(text)
    assert dict(EmptySearch.objects.values_list("words", "times")) == {"kettle": 2, "lamp": 1}
    assert catalog.note_empty_search("lamp"), "what is there already is still counted"
    EmptySearch.objects.filter(words="lamp").update(day=clock.now().date() - dt.timedelta(days=91))
    assert catalog.forget_empty_searches() == 1
