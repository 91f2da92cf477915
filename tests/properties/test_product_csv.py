"""Whatever a shop sells survives the exchange file, in both directions, and twice is once."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from banyan.catalog import actions as catalog
from banyan.catalog.models import WantedPicture
from banyan.catalog.rules.product_csv import (
    PictureOut,
    ProductOut,
    VariantOut,
    csv_lines,
    read_sheet,
)
from banyan.catalog.rules.product_csv.cells import price_text, protect, read_price, unprotect
from banyan.catalog.rules.product_csv.prose import settled, to_html, to_text
from banyan.kernel.actors import Actor
from tests.catalog.files import exported, take_in
from tests.support import factories

# Everything that has broken such files: quotes, line ends, formulas, markup, other scripts.
HARD = "\"',;=+-@<>&\n\t 杯　é\u00a0'#a0"
letters = st.one_of(
    st.sampled_from(HARD), st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])
)
anything = st.text(letters, max_size=40)
line = anything.map(lambda text: " ".join(text.split()))
words = line.filter(bool)
tags = words.map(lambda text: text.replace(",", "").strip()[:40].strip()).filter(bool)
prices = st.integers(1, 10**11 - 2)


@st.composite
def variants(draw: st.DrawFn, options: int) -> list[VariantOut]:
    values = st.lists(words, min_size=options, max_size=options)
    rows = draw(st.lists(values, min_size=1, max_size=4 if options else 1, unique_by=tuple))
    made = []
    for number, row in enumerate(rows):
        price = draw(prices)
        former = draw(st.none() | st.integers(price + 1, 10**11))
        sku = draw(st.just("") | words)[:40]
        sku = f"{sku}{number}" if sku else ""
        grams, quantity = draw(st.integers(0, 10**6)), draw(st.integers(0, 10**6))
        made.append(VariantOut(tuple(row), price, former, sku, grams, quantity))
    return made


@st.composite
def products(draw: st.DrawFn) -> list[ProductOut]:
    slug = st.from_regex(r"\A[a-z0-9]{1,9}(-[a-z0-9]{1,9})?\Z")
    slugs = draw(st.lists(slug, max_size=4, unique=True))
    return [draw(_product(slug)) for slug in sorted(slugs)]


@st.composite
def _product(draw: st.DrawFn, slug: str) -> ProductOut:
    name = words.filter(lambda text: text.casefold() != "title")
    options = draw(st.lists(name, max_size=3, unique_by=str.casefold))
    sources = draw(st.lists(words, max_size=3, unique=True))
    return ProductOut(
        slug=slug,
        title=draw(words),
        description=draw(anything.map(settled)),
        vendor=draw(line),
        type="",
        tags=draw(st.lists(tags, max_size=4, unique=True)),
        state=draw(st.sampled_from(["active", "draft", "archived"])),
        options=tuple(options),
        variants=draw(variants(len(options))),
        pictures=[PictureOut(source, draw(line)) for source in sources],
    )


@given(st.text(letters))
def test_protection_is_undone_exactly_and_leaves_no_formula(text: str) -> None:
    assert unprotect(protect(text)) == text
    assert protect(text)[:1] not in tuple("=+-@\t\r\n")


@given(anything)
def test_a_description_survives_html_whatever_it_holds(text: str) -> None:
    assert to_text(to_html(text)) == settled(text)
    assert to_html(to_text(to_html(text))) == to_html(text)


@given(st.integers(1, 10**11), st.sampled_from(["CNY", "JPY", "TND"]))
def test_prices_survive_in_any_currency(amount: int, currency: str) -> None:
    assert read_price(price_text(amount, currency), currency) == amount


@settings(max_examples=60)
@given(products())
def test_what_is_written_is_read_again(shelf: list[ProductOut]) -> None:
    if not shelf:
        return
    sheet = read_sheet("".join(csv_lines(shelf, "CNY")).encode(), "CNY")
    assert sheet.faults == []
    for out, row in zip(shelf, sheet.products, strict=True):
        assert row.slug == out.slug
        assert row.options == out.options
        for key in ("title", "description", "vendor", "tags", "state"):
            assert row.given[key] == getattr(out, key)
        for left, right in zip(out.variants, row.variants, strict=True):
            assert right.values == left.values
            assert right.given == {
                "sku": left.sku,
                "price": left.price,
                "compare_at": left.compare_at,
                "grams": left.grams,
                "quantity": left.quantity,
            }
        assert [PictureOut(p.source, p.alt) for p in row.pictures] == list(out.pictures)


@pytest.mark.django_db
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(products())
def test_out_and_in_and_out_again_is_the_same_file_and_in_twice_is_nothing(
    shelf: list[ProductOut],
) -> None:
    one, other = factories.shop(), factories.shop()
    _fill(one.pk, factories.actor(one.owner), shelf)
    first = exported(one)
    if not shelf:
        return
    take_in(other, first)
    assert exported(other) == first
    again = take_in(other, first, set_stock=True)
    assert again.result["same"] == len(shelf)
    assert exported(other) == first
    home = take_in(one, first, set_stock=True)
    assert home.result["same"] == len(shelf)


def _fill(shop_id: int, owner: Actor, shelf: list[ProductOut]) -> None:
    for out in shelf:
        data = catalog.ProductInput(
            title=out.title,
            slug=out.slug,
            description=out.description,
            vendor=out.vendor,
            tags=out.tags,
            options=out.options,
            variants=[
                catalog.VariantInput(
                    price=v.price,
                    values=v.values,
                    sku=v.sku,
                    compare_at=v.compare_at,
                    on_hand=v.quantity,
                    weight_grams=v.grams,
                )
                for v in out.variants
            ],
        )
        made = catalog.create_product(actor=owner, shop_id=shop_id, data=data)
        for place, picture in enumerate(out.pictures):
            WantedPicture.objects.create(
                product=made,
                source=picture.source,
                digest=sha256(picture.source.encode()).hexdigest(),
                position=place,
                alt=picture.alt,
            )
        if out.state == "active":
            catalog.publish_product(actor=owner, product_id=made.pk)
        if out.state == "archived":
            catalog.archive_product(actor=owner, product_id=made.pk)
