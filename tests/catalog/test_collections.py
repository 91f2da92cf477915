"""Collections: chosen one by one, or whatever meets the conditions at the moment."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from banyan.catalog import actions as catalog
from banyan.catalog.actions import collections
from banyan.catalog.models import Attribute, Category, Collection, Product, Shop
from banyan.catalog.queries import products_in
from banyan.catalog.rules import Condition
from banyan.kernel import clock
from banyan.kernel.problems import Conflict, Invalid, NotFound
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def by_rules(
    shop: Shop, *conditions: Condition, match: str = "all", sort: str = "newest"
) -> Collection:
    return catalog.make_collection(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        data=catalog.CollectionInput(
            "Some", kind="rules", match=match, conditions=conditions, sort=sort
        ),
    )


def titles(found: Collection) -> list[str]:
    return [product.title for product in products_in(found)]


def furnished() -> Shop:
    shop = make.shop()
    Category.objects.create(slug="cups", names={"en": "Cups", "zh-hans": "杯"})
    ash = {"code": "ash", "names": {"en": "Ash", "zh-hans": "灰釉"}}
    kinds = {
        "glaze": ("choice", "釉色"),
        "handmade": ("yesno", "手工"),
        "volume": ("number", "容量"),
    }
    for code, (kind, chinese) in kinds.items():
        Attribute.objects.create(
            code=code,
            kind=kind,
            names={"en": code.capitalize(), "zh-hans": chinese},
            choices=[ash] if kind == "choice" else [],
        )
    make.product(shop, title="A", price=1_000, stock=0, category="cups", tags=["blue"])
    make.product(shop, title="B", price=2_000, vendor="Kiln")
    make.product(shop, title="C", price=3_000, tags=["blue", "new"])
    Product.objects.filter(title="C").update(attributes={"glaze": "ash", "handmade": True})
    make.product(title="Of another shop", price=2_000, tags=["blue"])
    return shop


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("category", "cups"), {"A"}),
        (Condition("tag", "blue"), {"A", "C"}),
        (Condition("vendor", "kiln"), {"B"}),
        (Condition("price_from", "2000"), {"B", "C"}),
        (Condition("price_to", "2000"), {"A", "B"}),
        (Condition("attribute", "glaze=ash"), {"C"}),
        (Condition("attribute", "handmade=yes"), {"C"}),
        (Condition("newer_than", "7"), {"A", "B", "C"}),
        (Condition("in_stock"), {"B", "C"}),
    ],
)
def test_each_condition_finds_its_goods_and_only_this_shops(
    condition: Condition, expected: set[str]
) -> None:
    assert set(titles(by_rules(furnished(), condition))) == expected


def test_all_or_any_of_the_conditions_in_the_wanted_order() -> None:
    shop = furnished()
    blue, cheap = Condition("tag", "blue"), Condition("price_to", "2000")

    assert titles(by_rules(shop, blue, cheap)) == ["A"]
    assert titles(by_rules(shop, blue, cheap, match="any", sort="price_up")) == ["A", "B", "C"]
    assert titles(by_rules(shop, blue, cheap, match="any", sort="price_down")) == ["C", "B", "A"]


def test_from_and_up_to_are_about_one_and_the_same_variant() -> None:
    shop = furnished()
    ends = [
        catalog.VariantInput(price=price, values=[size], on_hand=1)
        for price, size in ((500, "S"), (9_000, "XL"))
    ]
    make.product(shop, title="Both ends", options=["Size"], variants=ends)
    low, high = Condition("price_from", "1500"), Condition("price_to", "2500")

    assert titles(by_rules(shop, low, high)) == ["B"]
    assert set(titles(by_rules(shop, low, high, match="any"))) == {"A", "B", "C", "Both ends"}


def test_in_stock_is_about_the_variant_that_the_price_is_about() -> None:
    """Whoever looks for what is there for little does not find that the dear one is there."""
    shop = furnished()
    sizes = [
        catalog.VariantInput(price=price, values=[size], on_hand=stock)
        for price, size, stock in ((500, "S", 0), (9_000, "XL", 3))
    ]
    make.product(shop, title="Only the dear one", options=["Size"], variants=sizes)

    assert titles(by_rules(shop, Condition("in_stock"), Condition("price_to", "2500"))) == ["B"]
    assert "Only the dear one" in titles(by_rules(shop, Condition("in_stock")))


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition("tag", "BLUE"), {"A", "C"}),
        (Condition("tag", "blu"), set()),
        (Condition("tag", "%"), set()),
        (Condition("attribute", "volume=1.50"), {"C"}),
        (Condition("attribute", "volume=1,200"), {"B"}),
        (Condition("attribute", "volume=1.51"), set()),
    ],
)
def test_what_is_typed_in_another_way_means_the_same(
    condition: Condition, expected: set[str]
) -> None:
    shop = furnished()
    for title, volume in (("C", "1.5"), ("B", "1200")):
        Product.objects.filter(title=title, shop=shop).update(attributes={"volume": volume})

    assert set(titles(by_rules(shop, condition))) == expected


def test_a_collection_by_rules_is_never_stale() -> None:
    shop = furnished()
    stocked, fresh = (
        by_rules(shop, Condition("in_stock")),
        by_rules(shop, Condition("newer_than", "7")),
    )
    sold = Product.objects.get(title="B")

    make.pay(make.place((sold.variants.get(), 10)))

    assert titles(stocked) == ["C"]
    with clock.at(clock.now() + dt.timedelta(days=8)):
        assert titles(fresh) == []


@pytest.mark.parametrize(
    "condition",
    [
        Condition("title", "x"), Condition("tag", " "), Condition("price_from", "-1"),
        Condition("price_from", "1' OR 1=1"), Condition("newer_than", "x"),
        Condition("attribute", "glaze"), Condition("attribute", "=ash"),
        Condition("attribute", "a b=c"), Condition("newer_than", "99999"),
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused(condition: Condition) -> None:
    shop = make.shop()

    with pytest.raises(Invalid) as refused:
        by_rules(shop, condition)
    assert "conditions" in refused.value.fields
    assert not Collection.objects.exists()


@pytest.mark.parametrize(
    "condition", [Condition("category", "cupz"), Condition("attribute", "glace=ash")]
)
def test_a_condition_that_nothing_could_meet_is_refused_by_name(condition: Condition) -> None:
    with pytest.raises(Invalid) as refused:
        by_rules(furnished(), condition)

    assert condition.value.partition("=")[0] in str(refused.value.fields["conditions"])


def test_conditions_are_typed_and_read_in_words_of_any_language() -> None:
    shop = furnished()
    owner = Client(headers={"Accept-Language": "zh-hans"})
    owner.force_login(shop.owner)
    base = f"/studio/{shop.slug}/collections"
    typed = {"field0": "category", "value0": "cups", "field1": "attribute", "value1": "Glaze=灰釉"}

    made = owner.post(base, {"title": "Words", "kind": "rules", "match": "any", **typed})
    page = owner.get(made["Location"]).content.decode()

    found = Collection.objects.get(title="Words")
    assert [one["value"] for one in found.conditions] == ["cups", "glaze=ash"]
    assert set(titles(found)) == {"A", "C"}
    assert 'value="杯"' in page
    assert 'value="釉色=灰釉"' in page
    assert '<option value="blue">' in page
    assert '<option value="Kiln">' in page


def test_conditions_that_are_hidden_do_not_stand_in_the_way() -> None:
    shop = furnished()
    owner = Client()
    owner.force_login(shop.owner)
    left = {"field0": "price_from", "value0": "cheap", "field1": "category", "value1": "cupz"}

    answer = owner.post(
        f"/studio/{shop.slug}/collections", {"title": "Mine", "kind": "manual", **left}
    )

    assert answer.status_code == 302
    assert Collection.objects.get(title="Mine").conditions == []


def test_a_manual_collection_keeps_its_order_and_shows_what_is_on_sale() -> None:
    shop = furnished()
    owner = Client()
    owner.force_login(shop.owner)
    base = f"/studio/{shop.slug}/collections"
    assert (
        owner.post(base, {"title": "Best of", "kind": "manual", "is_shown": "1"}).status_code == 302
    )
    found = Collection.objects.get()
    ids = dict(Product.objects.filter(shop=shop).values_list("title", "id"))
    for title in "ABC":
        owner.post(f"{base}/{found.pk}", {"do": "put", "product": ids[title]})
    owner.post(f"{base}/{found.pk}", {"do": "up", "product": ids["C"]})
    owner.post(f"{base}/{found.pk}", {"do": "take", "product": ids["A"]})
    assert titles(found) == ["C", "B"]
    assert owner.get(f"{base}/{found.pk}").status_code == 200

    page = Client().get(f"/c/{shop.slug}/best-of")
    assert page.status_code == 200
    assert f'href="/c/{shop.slug}/best-of"' in Client().get(f"/shop/{shop.slug}").content.decode()
    catalog.unpublish_product(actor=make.actor(shop.owner), product_id=ids["C"])
    assert titles(found) == ["B"]


def test_conditions_are_typed_in_the_studio_in_the_shops_money() -> None:
    shop = furnished()
    owner = Client()
    owner.force_login(shop.owner)
    form = {
        "title": "Under twenty", "kind": "rules", "match": "all", "sort": "price_up",
        "field0": "price_to", "value0": "20.00", "is_shown": "1",
    }  # fmt: skip
    assert owner.post(f"/studio/{shop.slug}/collections", form).status_code == 302

    found = Collection.objects.get()
    assert found.conditions == [{"field": "price_to", "value": "2000"}]
    assert (
        'value="20.00"' in owner.get(f"/studio/{shop.slug}/collections/{found.pk}").content.decode()
    )
    wrong = owner.post(f"/studio/{shop.slug}/collections", {**form, "value0": "cheap"})
    assert wrong.status_code == 422


def test_somebody_elses_collection_and_goods_are_not_there() -> None:
    shop, other = furnished(), make.shop()
    mine = catalog.make_collection(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        data=catalog.CollectionInput("Mine", is_shown=False),
    )
    stranger = Client()
    stranger.force_login(other.owner)

    assert stranger.get(f"/studio/{shop.slug}/collections/{mine.pk}").status_code == 404
    assert stranger.get(f"/studio/{other.slug}/collections/{mine.pk}").status_code == 404
    assert stranger.get(f"/c/{shop.slug}/mine").status_code == 404
    with pytest.raises(NotFound):
        catalog.put_in_collection(
            actor=make.actor(shop.owner), collection_id=mine.pk, product_id=make.product(other).pk
        )
    assert not mine.items.exists()


def test_what_is_in_a_full_collection_is_put_in_once_more_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    cup, plate = make.product(shop), make.product(shop)
    mine = catalog.make_collection(
        actor=owner, shop_id=shop.pk, data=catalog.CollectionInput("Mine")
    )
    monkeypatch.setattr(collections, "MOST_ITEMS", 1)
    for _twice in range(2):
        catalog.put_in_collection(actor=owner, collection_id=mine.pk, product_id=cup.pk)
    with pytest.raises(Conflict):
        catalog.put_in_collection(actor=owner, collection_id=mine.pk, product_id=plate.pk)
    assert titles(mine) == [cup.title]


def test_a_collection_is_narrowed_down_by_filterable_attributes() -> None:
    shop = furnished()
    glaze = Attribute.objects.get(code="glaze")
    glaze.choices.append({"code": "clear", "names": {"en": "Clear"}})
    glaze.save()
    Attribute.objects.exclude(kind="number").update(is_filterable=True)
    Product.objects.filter(title="B").update(attributes={"glaze": "clear"})
    by_rules(shop, Condition("price_from", "1"))
    url = f"/c/{shop.slug}/some"

    whole = Client().get(url).content.decode()
    assert "Glaze: Ash (1)" in whole
    assert "Handmade (1)" in whole
    narrowed = Client().get(url, {"only": "glaze=clear"}).content.decode()
    assert ">B<" in narrowed
    assert ">C<" not in narrowed
    assert ">C<" in Client().get(url, {"only": "glaze=nothing"}).content.decode()
