"""Categories stand below each other: what is asked of one is asked of all below it."""

from __future__ import annotations

import pytest
from django.utils.datastructures import MultiValueDict

from banyan.catalog import actions as catalog
from banyan.catalog.models import Category
from banyan.catalog.queries import chosen_products, products_in, read_chosen
from banyan.catalog.rules import Condition
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid
from banyan.standing import actions as standing
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def category(slug: str, parent: str = "") -> Category:
    return catalog.add_category(
        actor=SYSTEM, slug=slug, names={"en": slug.title()}, parent=parent, reason="test"
    )


def moved(row: Category, parent: str) -> Category:
    return catalog.change_category(
        actor=SYSTEM, category_id=row.pk, names=row.names, position=0, parent=parent, reason="test"
    )


@pytest.fixture
def drinks() -> Category:
    top = category("drinks")
    category("wine", "drinks")
    category("plum-wine", "wine")
    return top


@pytest.mark.usefixtures("drinks")
def test_what_stands_below_is_found_and_collected_and_asked_the_same() -> None:
    catalog.add_attribute(
        actor=SYSTEM,
        code="strength",
        kind="number",
        category="drinks",
        data=catalog.AttributeInput({"en": "Strength"}, is_required=True),
        reason="test",
    )
    shop = make.shop()
    product = make.product(shop, category="plum-wine")
    drinks = read_chosen(MultiValueDict({"category": ["drinks"]}))

    assert list(chosen_products(drinks)) == [product]
    made = catalog.make_collection(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        data=catalog.CollectionInput(
            "All drinks", kind="rules", conditions=[Condition("category", "drinks")]
        ),
    )
    assert list(products_in(made)) == [product]
    with pytest.raises(Invalid) as refused:
        make.product(shop, category="plum-wine", attributes={})
    assert list(refused.value.fields) == ["attribute_strength"]


def test_a_guard_holds_for_what_stands_below(drinks: Category) -> None:
    standing.guard_category(actor=SYSTEM, category_id=drinks.pk, why="By law.", reason="Law.")

    with pytest.raises(Conflict) as refused:
        make.product(category="plum-wine")

    assert (refused.value.code, refused.value.extra) == ("permit_missing", {"why": "By law."})
    assert make.product().state == "active"


def test_no_category_stands_below_itself(drinks: Category) -> None:
    for parent in ("drinks", "wine", "plum-wine"):
        with pytest.raises(Invalid) as refused:
            moved(drinks, parent)
        assert "parent" in refused.value.fields
    with pytest.raises(Invalid):
        moved(drinks, "nothing")

    drinks.refresh_from_db()
    assert drinks.parent is None
    low = Category.objects.get(slug="plum-wine")
    assert moved(low, "drinks").parent == drinks
    assert moved(low, "").parent is None
