"""Product files going in and out of a shop: all or nothing, again without effect, both ways."""

from __future__ import annotations

import pytest

from banyan.catalog import actions as catalog
from banyan.catalog.models import Product, ProductImport, StockMovement, Variant, WantedPicture
from banyan.catalog.rules.product_csv import FileRefused
from banyan.kernel.models import StateChange, StoredEvent
from banyan.kernel.problems import NotFound
from tests.support import factories

from .files import CUPS, exported, keep, plan, take_in

pytestmark = pytest.mark.django_db

NOTHING = {
    "new": 0,
    "changed": 0,
    "new_variants": 0,
    "changed_variants": 0,
    "retired_variants": 0,
    "stock_set": 0,
    "pictures": 0,
}


def test_a_file_becomes_products_with_variants_stock_and_pictures_to_come() -> None:
    shop = factories.shop()
    done = take_in(shop, CUPS)
    cup, plate = Product.objects.order_by("slug")
    assert (cup.slug, cup.title, cup.state, cup.vendor) == (
        "blue-cup",
        "Blue cup",
        "active",
        "Kiln",
    )
    assert cup.description == "Thrown by hand.\n\nDishwasher safe."
    assert (cup.tags, cup.options) == (["blue", "cup"], ["Size"])
    rows = cup.variants.values_list(
        "values", "sku", "price_amount", "compare_at_amount", "weight_grams", "stock__on_hand"
    )
    assert list(rows) == [
        (["S"], "CUP-S", 1250, 1500, 300, 5),
        (["L"], "CUP-L", 2000, None, 450, 2),
    ]
    assert (plate.title, plate.state, plate.options) == ('Plate, "large"', "draft", [])
    pictures = WantedPicture.objects.values_list("source", "position", "alt", "state")
    assert list(pictures) == [
        ("cup-1.jpg", 0, "A blue cup", "waiting"),
        ("cup-2.jpg", 1, "From above", "waiting"),
    ]
    assert StockMovement.objects.filter(reference=f"import {done.pk}").count() == 2
    assert list(StoredEvent.objects.filter(name="product.published").values_list("subject_id")) == [
        (cup.pk,)
    ]
    assert StateChange.objects.get(machine="catalog.product.state").target == "active"
    assert done.result["unused"] == ["Variant Barcode"]
    assert bytes(done.content) == b""
    told = ("new", "changed", "new_variants", "changed_variants", "stock_set", "pictures")
    assert [done.result[name] for name in told] == [2, 0, 3, 0, 0, 2]


def test_the_same_file_again_changes_nothing() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    before = list(Product.objects.values_list("id", "updated_at"))
    again = take_in(shop, CUPS, set_stock=True)
    assert again.result | NOTHING == again.result
    assert again.result["same"] == 2
    assert list(Product.objects.values_list("id", "updated_at")) == before
    assert WantedPicture.objects.count() == 2


def test_a_file_sent_twice_is_taken_in_once() -> None:
    shop = factories.shop()
    kept = keep(shop, CUPS)
    owner = factories.actor(shop.owner)
    first = catalog.take_in_products(actor=owner, token=kept.token, set_stock=False)
    second = catalog.take_in_products(actor=owner, token=kept.token, set_stock=True)
    assert (first.done_at, second.result) == (second.done_at, first.result)


def test_one_bad_row_keeps_everything_out() -> None:
    shop = factories.shop()
    bad = CUPS.replace("20.00", "20.001").replace("8.00", "cheap")
    with pytest.raises(catalog.ImportRefused) as refused:
        take_in(shop, bad)
    told = [(f.line, f.column, f.value, f.code) for f in refused.value.faults]
    assert told == [
        (3, "Variant Price", "20.001", "price_decimals"),
        (5, "Variant Price", "cheap", "price"),
    ]
    assert "2 decimals" in refused.value.faults[0].advice
    assert not Product.objects.exists()
    assert not WantedPicture.objects.exists()
    assert ProductImport.objects.get().done_at is None


def test_an_sku_named_twice_is_one_fault() -> None:
    shop = factories.shop()
    with pytest.raises(catalog.ImportRefused) as refused:
        take_in(shop, CUPS.replace("CUP-L", "CUP-S"))
    assert [(f.line, f.code) for f in refused.value.faults] == [(3, "sku_twice")]


def test_an_sku_of_a_variant_that_the_file_does_not_name_is_refused() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    head = "Handle,Title,Option1 Name,Option1 Value,SKU,Price"
    with pytest.raises(catalog.ImportRefused) as refused:
        take_in(shop, f"{head}\nblue-cup,Blue cup,Size,S,CUP-L,3\n")
    assert [fault.code for fault in refused.value.faults] == ["sku_twice"]


def test_a_failure_in_the_middle_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = factories.shop()
    kept = keep(shop, CUPS)

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("banyan.catalog.actions.imports.count_all", fail)
    with pytest.raises(RuntimeError):
        catalog.take_in_products(
            actor=factories.actor(shop.owner), token=kept.token, set_stock=False
        )
    assert not Product.objects.exists()
    assert not Variant.objects.exists()


def test_stock_that_is_known_moves_only_when_asked() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    small = Variant.objects.get(sku="CUP-S")
    factories.pay(factories.place((small, 2)))
    changed = CUPS.replace("CUP-S,300,5", "CUP-S,300,9")

    seen = plan(shop, changed)
    assert (seen.stock_differs, seen.total()["stock_set"]) == (1, 0)
    take_in(shop, changed)
    assert factories.stock_of(small).on_hand == 5

    done = take_in(shop, changed, set_stock=True)
    assert factories.stock_of(small).on_hand == 9
    assert factories.stock_of(small).allocated == 2
    move = StockMovement.objects.get(reference=f"import {done.pk}")
    assert (move.kind, move.on_hand) == ("count", 4)


def test_stock_below_what_is_sold_is_refused_with_its_line() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    small = Variant.objects.get(sku="CUP-S")
    factories.pay(factories.place((small, 3)))
    with pytest.raises(catalog.ImportRefused) as refused:
        take_in(shop, CUPS.replace("CUP-S,300,5", "CUP-S,300,2"), set_stock=True)
    (fault,) = refused.value.faults
    assert (fault.line, fault.code) == (2, "stock_promised")
    assert "3 of these" in fault.reason
    assert factories.stock_of(small).on_hand == 5


def test_a_variant_is_known_by_its_sku_when_its_value_was_renamed() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    large = Variant.objects.get(sku="CUP-L")
    done = take_in(shop, CUPS.replace(",L,CUP-L", ",Large,CUP-L"))
    large.refresh_from_db()
    assert large.values == ["Large"]
    assert done.result["new_variants"] == 0


def test_two_variants_may_trade_their_skus() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    traded = CUPS.replace("CUP-S", "X").replace("CUP-L", "CUP-S").replace("X", "CUP-L")
    take_in(shop, traded)
    rows = Variant.objects.exclude(sku="").order_by("position").values_list("values", "sku")
    assert list(rows) == [(["S"], "CUP-L"), (["L"], "CUP-S")]


def test_what_the_file_does_not_name_stays() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    take_in(shop, "Handle,Title,Option1 Name,Option1 Value,Variant Price\nblue-cup,Cup,Size,S,13\n")
    cup = Product.objects.get(slug="blue-cup")
    assert (cup.title, cup.vendor, cup.state) == ("Cup", "Kiln", "active")
    assert list(cup.variants.values_list("price_amount", "sku", "is_active")) == [
        (1300, "CUP-S", True),
        (2000, "CUP-L", True),
    ]


def test_texts_alone_leave_the_variants_alone() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    done = take_in(shop, "URL handle,Title,Description\nblue-cup,Cup,New\n")
    assert (done.result["changed"], done.result["changed_variants"]) == (1, 0)


def test_new_options_take_the_old_variant_off_sale() -> None:
    shop = factories.shop()
    item = factories.product(shop, title="Bowl")
    text = f"Handle,Title,Option1 Name,Option1 Value,Price\n{item.slug},Bowl,Size,S,3\n"
    done = take_in(shop, text)
    assert done.result["retired_variants"] == 1
    rows = item.variants.order_by("id").values_list("values", "is_active")
    assert list(rows) == [([], False), (["S"], True)]


def test_a_new_variant_between_known_ones_takes_its_place_once() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    middle = CUPS.replace(
        "blue-cup,,,,,,,,L", "blue-cup,,,,,,,,M,CUP-M,1,1,15,,,,,,\nblue-cup,,,,,,,,L"
    )
    take_in(shop, middle)
    cup = Product.objects.get(slug="blue-cup")
    assert list(cup.variants.values_list("values", flat=True)) == [["S"], ["M"], ["L"]]
    assert take_in(shop, middle).result["changed"] == 0


def test_states_follow_the_file_step_by_step() -> None:
    shop = factories.shop()
    take_in(shop, CUPS)
    take_in(shop, CUPS.replace(",123,active", ",123,archived"))
    assert Product.objects.get(slug="blue-cup").state == "archived"
    assert StoredEvent.objects.filter(name="product.withdrawn").count() == 1
    take_in(shop, CUPS)
    assert Product.objects.get(slug="blue-cup").state == "active"
    moves = StateChange.objects.filter(machine="catalog.product.state").order_by("id")
    assert list(moves.values_list("source", "target")) == [
        ("draft", "active"),
        ("active", "archived"),
        ("archived", "draft"),
        ("draft", "active"),
    ]


def test_a_handle_that_cannot_be_an_address_gets_one_that_stays() -> None:
    shop = factories.shop()
    text = "Handle,Title,Price\n青瓷杯,青瓷杯,3\n"
    assert plan(shop, text).renamed[0][0] == "青瓷杯"
    take_in(shop, text)
    assert take_in(shop, text).result["same"] == 1
    assert Product.objects.count() == 1


def test_the_newer_names_mean_the_same() -> None:
    one, other = factories.shop(), factories.shop()
    take_in(one, CUPS)
    head, rest = CUPS.split("\n", 1)
    newer = (
        head.replace("Handle", "URL handle")
        .replace("Body (HTML)", "Description")
        .replace("Published", "Published on online store")
        .replace("Option1 Name", "Option1 name")
        .replace("Option1 Value", "Option1 value")
        .replace("Variant SKU", "SKU")
        .replace("Variant Grams", "Weight value (grams)")
        .replace("Variant Inventory Qty", "Inventory quantity")
        .replace("Variant Price", "Price")
        .replace("Variant Compare At Price", "Compare-at price")
        .replace("Image Src", "Product image URL")
        .replace("Image Position", "Image position")
        .replace("Image Alt Text", "Image alt text")
    )
    take_in(other, f"{newer}\n{rest}")
    assert exported(one) == exported(other)


def test_yen_have_no_decimals() -> None:
    shop = factories.shop(currency="JPY")
    with pytest.raises(catalog.ImportRefused) as refused:
        take_in(shop, "Handle,Title,Price\ncup,Cup,1200.00\n")
    assert refused.value.faults[0].code == "price_decimals"
    take_in(shop, "Handle,Title,Price\ncup,Cup,1200\n")
    assert Variant.objects.get().price_amount == 1200
    assert ",1200,," in exported(shop)


@pytest.mark.parametrize("role", ["clerk", None])
def test_only_managers_take_files_in(role: str | None) -> None:
    shop = factories.shop()
    other = factories.member()
    if role:
        catalog.hire(
            actor=factories.actor(shop.owner), shop_id=shop.pk, account_id=other.pk, role=role
        )
    kept = keep(shop, CUPS)
    with pytest.raises(NotFound):
        catalog.take_in_products(actor=factories.actor(other), token=kept.token, set_stock=False)
    with pytest.raises(NotFound):
        catalog.keep_product_file(
            actor=factories.actor(other), shop_id=shop.pk, data=CUPS.encode(), name="x.csv"
        )
    assert not Product.objects.exists()


def test_a_file_of_another_shop_touches_only_its_own() -> None:
    one, other = factories.shop(), factories.shop()
    take_in(one, CUPS)
    take_in(other, CUPS.replace("Blue cup", "Other cup"))
    assert Product.objects.get(shop=one, slug="blue-cup").title == "Blue cup"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"Handle,Title\n", "file_empty"),
        (b"Title,Vendor\nx,y\n", "columns_missing"),
        (b"Handle,Title,URL handle\nx,y,z\n", "columns_twice"),
        (b"Handle;Title\nx;y\n", "file_separator"),
        (b"PK\x03\x04rest", "file_workbook"),
        ("Handle,Title\n杯,手作陶瓷杯子的名字\n".encode("gb18030"), "file_encoding"),
        ("Handle,Title\n杯,手作陶瓷杯子的名字\n".encode("utf-16"), "file_encoding"),
        ("Handle,Title\na,b\n".encode("utf-16-le"), "file_encoding"),
        (b"Handle,Title\n" + b"a,b\n" * 10_001, "file_too_many_rows"),
        (b"Handle,Title\n" + b"x" * (5 * 1024 * 1024), "file_too_large"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_by_name(data: bytes, code: str) -> None:
    shop = factories.shop()
    with pytest.raises(FileRefused) as refused:
        keep(shop, data)
    assert refused.value.code == code
    assert not ProductImport.objects.exists()


def test_files_nobody_took_in_go_after_two_days() -> None:
    from banyan.kernel.actors import Actor

    shop = factories.shop()
    kept = keep(shop, CUPS)
    ProductImport.objects.filter(pk=kept.pk).update(created_at="2020-01-01T00:00:00Z")
    young, done = keep(shop, CUPS), take_in(shop, CUPS)
    assert catalog.sweep_product_files(actor=Actor.system("sweep")) == 1
    assert set(ProductImport.objects.values_list("pk", flat=True)) == {young.pk, done.pk}


def test_a_person_keeps_at_most_five_files_waiting() -> None:
    shop = factories.shop()
    tokens = [keep(shop, CUPS).token for _ in range(7)]
    assert list(ProductImport.objects.order_by("id").values_list("token", flat=True)) == tokens[2:]
