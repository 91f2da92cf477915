"""Typed attributes: what fits, what is asked for, what people see."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from banyan.catalog import actions as catalog
from banyan.catalog.models import Attribute, Category, Product
from banyan.catalog.rules import ATTRIBUTE_KINDS, Definition, clean_value, typed_text
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Forbidden, Invalid
from tests.support import factories as make

SYSTEM = Actor.system("test")


def define(code: str, kind: str, category: str = "", **values: object) -> Attribute:
    given_names = {"en": code.title(), "zh-hans": "名"}
    data = catalog.AttributeInput(names=given_names, **values)  # type: ignore[arg-type]  # by name
    return catalog.add_attribute(
        actor=SYSTEM, code=code, kind=kind, category=category, data=data, reason="test"
    )


def saved(product: Product, category: str, attributes: dict[str, str]) -> Product:
    variant = product.variants.get()
    return catalog.update_product(
        actor=make.actor(product.shop.owner),
        product_id=product.pk,
        data=catalog.ProductInput(
            title=product.title,
            variants=[catalog.VariantInput(price=variant.price_amount)],
            category=category,
            attributes=attributes,
        ),
    )


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("text", "  stone ", "stone"),
        ("number", "1,200.50", "1200.5"),
        ("number", "1,5", "1.5"),
        ("number", "0,125", "0.125"),
        ("number", "-0.000001", "-0.000001"),
        ("number", "100", "100"),
        ("choice", "red", "red"),
        ("yesno", "yes", True),
        ("yesno", "no", False),
        ("date", "2026-02-28", "2026-02-28"),
        ("text", "   ", None),
    ],
)
def test_a_value_that_fits_is_kept(kind: str, typed: str, kept: object) -> None:
    assert clean_value(Definition("x", kind, ("red",)), typed) == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("text", "x" * 201),
        ("number", "twelve"),
        ("number", "NaN"),
        ("number", "Infinity"),
        ("number", "1e30"),
        ("number", "0.0000001"),
        ("choice", "green"),
        ("yesno", "maybe"),
        ("date", "2026-02-30"),
        ("date", "yesterday"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(kind: str, typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        clean_value(Definition("x", kind, ("red",)), typed)


@given(st.sampled_from(ATTRIBUTE_KINDS), st.text(max_size=30))
def test_what_is_kept_can_be_typed_again(kind: str, typed: str) -> None:
    wanted = Definition("x", kind, ("red",))
    try:
        kept = clean_value(wanted, typed)
    except ValueError:
        return
    assert clean_value(wanted, typed_text(kept)) == kept


@pytest.mark.django_db
def test_a_category_asks_for_its_own_and_those_above() -> None:
    pots = Category.objects.create(slug="pots", names={"en": "Pots"})
    Category.objects.create(slug="cups", names={"en": "Cups"}, parent=pots)
    define("height", "number", "pots", unit="cm", is_required=True)
    define("handmade", "yesno")
    define("screen", "number", "")
    Attribute.objects.filter(code="screen").update(
        category=Category.objects.create(slug="phones", names={"en": "Phones"})
    )
    product = make.product()

    with pytest.raises(Invalid) as refused:
        saved(product, "cups", {"height": "", "handmade": "perhaps"})
    assert set(refused.value.fields) == {"attribute_height", "attribute_handmade"}
    product.refresh_from_db()
    assert product.attributes == {}

    saved(product, "cups", {"height": "12.50", "handmade": "yes", "screen": "6"})
    product.refresh_from_db()
    assert product.attributes == {"height": "12.5", "handmade": True}


@pytest.mark.django_db
def test_the_studio_asks_and_the_product_page_tells() -> None:
    Category.objects.create(slug="cups", names={"en": "Cups"})
    define("glaze", "choice", "cups", choices={"ash": {"en": "Ash grey", "zh-hans": "灰"}})
    define("height", "number", "cups", unit="cm")
    product = make.product(category="cups")
    owner = Client()
    owner.force_login(product.shop.owner)
    url = f"/studio/{product.shop.slug}/goods/{product.pk}"
    assert 'name="attribute_glaze"' in owner.get(url).content.decode()

    form = {
        "title": "Cup", "language": "en", "category": "cups", "rows": "8", "v0_price": "100.00",
        "attribute_glaze": "ash", "attribute_height": "9.5",
    }  # fmt: skip
    refused = owner.post(url, {**form, "attribute_height": "tall"})
    assert refused.status_code == 422
    assert "Enter a number." in refused.content.decode()
    assert owner.post(url, form).status_code == 302

    page = Client().get(f"/shop/{product.shop.slug}/{product.slug}").content.decode()
    assert "Ash grey" in page
    assert "9.5 cm" in page


@pytest.mark.django_db
def test_only_moderation_defines_attributes() -> None:
    with pytest.raises(Forbidden):
        catalog.add_attribute(
            actor=make.actor(make.member()),
            code="size",
            kind="text",
            data=catalog.AttributeInput(names={"en": "Size"}),
            reason="x",
        )
    assert not Attribute.objects.exists()
