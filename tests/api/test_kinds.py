"""Goods of every kind by program: attributes, licence keys, vouchers, what members sell."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from banyan.catalog import actions as catalog
from banyan.catalog.models import Category, Shop, Variant
from banyan.delivery.models import DigitalFile
from tests.api.client import Program, Upload, errors, problem
from tests.market.deals import seller
from tests.support import factories as make
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


@pytest.fixture
def merchant(shop: Shop) -> Program:
    return Program(shop.owner)


def body(**more: Any) -> dict[str, Any]:
    price = {"amount": 5_000, "currency": "CNY"}
    return {"title": "Thing", "variants": [{"price": price, "on_hand": 3}], **more}


def made(merchant: Program, shop: Shop, **more: Any) -> dict[str, Any]:
    product: dict[str, Any] = merchant.do("POST", f"/shops/{shop.pk}/products", body(**more))
    return product


def test_typed_attributes_are_read_and_written(merchant: Program, shop: Shop) -> None:
    top = Category.objects.create(slug="clay", names={"en": "Clay"})
    Category.objects.create(slug="cups", names={"en": "Cups"}, parent=top)
    who = make.actor(make.staff("moderation"))
    given: list[tuple[str, str, dict[str, Any]]] = [
        ("volume", "number", {"unit": "ml", "is_required": True}),
        ("glaze", "choice", {"choices": {"ash": {"en": "Ash"}, "tin": {"en": "Tin"}}}),
        ("handmade", "yesno", {}),
    ]
    for code, kind, more in given:
        catalog.add_attribute(
            actor=who,
            code=code,
            kind=kind,
            category="clay",
            data=catalog.AttributeInput(names={"en": code.title()}, **more),
            reason="shoppers ask",
        )
    assert {"slug": "cups", "parent": "clay", "names": {"en": "Cups"}} in merchant.get(
        "/categories"
    )
    told = {one["code"]: one for one in Program().get("/categories/cups/attributes")}
    assert (told["volume"]["kind"], told["volume"]["unit"], told["volume"]["required"]) == (
        "number",
        "ml",
        True,
    )
    assert [one["code"] for one in told["glaze"]["choices"]] == ["ash", "tin"]

    path = f"/shops/{shop.pk}/products"
    missing = merchant.send("POST", path, body(category="cups", attributes={"glaze": "gold"}))
    assert set(errors(missing)) == {"attribute_volume", "attribute_glaze"}
    values = {"volume": "300.50", "glaze": "ash", "handmade": "yes"}
    product = made(merchant, shop, category="cups", attributes=values)
    assert product["attributes"] == values | {"volume": "300.5"}

    kept = merchant.do("PUT", f"/products/{product['id']}", body(category="cups"))
    assert kept["attributes"] == product["attributes"], "null leaves them as they are"
    less = body(category="cups", attributes={"handmade": ""})
    changed = merchant.do("PUT", f"/products/{product['id']}", less)
    assert changed["attributes"] == {"volume": "300.5", "glaze": "ash"}


def test_a_licence_key_is_sold_to_its_buyer_alone(merchant: Program, shop: Shop) -> None:
    product = made(merchant, shop, kind="digital")
    assert product["kind"] == "digital"
    fixed = merchant.send("PUT", f"/products/{product['id']}", body(kind="goods"))
    assert problem(fixed) == (409, "kind_fixed")
    path, [variant] = f"/products/{product['id']}", product["variants"]
    keys = f"/variants/{variant['id']}/keys"
    assert problem(merchant.send("POST", keys, {"keys": ["A"]})) == (409, "not_by_keys")
    assert set(errors(merchant.send("PUT", f"{path}/terms", {"way": "voucher"}))) == {
        "way",
        "places",
    }
    merchant.do("PUT", f"{path}/terms", {"way": "keys"})
    given = ['K-1,"quoted"', "K-2"]
    assert merchant.do("POST", keys, {"keys": given})["free"] == 2
    assert problem(merchant.send("POST", keys, {"keys": ["K-2"]})) == (422, "keys_known")
    merchant.do("POST", f"{path}/publish")

    buyer = make.member()
    item = Variant.objects.get(pk=int(variant["id"]))
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()

    [got] = Program(buyer).get(f"/orders/{order.pk}/handed-over")
    assert got["keys"] in [[key] for key in given]
    assert merchant.get(keys) == {
        "variant_id": variant["id"], "free": 1, "taken": 1, "withdrawn": 0,
    }  # fmt: skip
    hidden = merchant.send("GET", f"/orders/{order.pk}/handed-over")
    assert problem(hidden) == (404, "not_found"), "a shop does not read what it sold"


def test_a_file_is_sold_and_the_newest_fetched(merchant: Program, shop: Shop) -> None:
    product = made(merchant, shop, kind="digital")
    path = f"/products/{product['id']}"
    first = Upload(b"First pressing.", "song.mp3")
    assert problem(merchant.send("POST", f"{path}/file", first)) == (409, "not_by_file")
    merchant.do("PUT", f"{path}/terms", {"way": "file", "downloads": 3})
    assert problem(merchant.send("GET", f"{path}/file")) == (404, "not_found")
    assert problem(merchant.send("POST", f"{path}/publish")) == (409, "delivery_missing")
    kept = merchant.do("POST", f"{path}/file", first)
    assert (kept["name"], kept["bytes"]) == ("song.mp3", len(first.data))
    assert kept["sha256"] == hashlib.sha256(first.data).hexdigest()
    merchant.do("POST", f"{path}/publish")
    order = make.pay(
        make.place((Variant.objects.get(pk=int(product["variants"][0]["id"])), 1))
    ).orders.get()

    second = Upload(b"Second pressing.", "song.mp3")
    newer = merchant.do("POST", f"{path}/file", second)
    assert merchant.get(f"{path}/file") == newer != kept
    assert merchant.do("POST", f"{path}/file", second) == newer, "the same again is no new one"
    assert DigitalFile.objects.filter(product_id=product["id"]).count() == 2

    buyer = {"Access-Token": order.checkout.access_token}
    [got] = Program().get(f"/orders/{order.pk}/handed-over", **buyer)
    assert (got["file"]["size"], got["file"]["left"]) == (len(second.data), 3)
    page = urlsplit(got["file"]["url"]).path
    fetched = Client().post(page)
    assert b"".join(fetched.streaming_content) == second.data  # type: ignore[attr-defined]  # a stream


@pytest.mark.parametrize(
    ("sent", "refused"),
    [
        (Upload(b""), (422, "file_empty")),
        (Upload(b"x" * 2001), (422, "file_too_large")),
        (Upload(b"x" * 9000), (413, "too_long")),
        ({"file": "x"}, (422, "invalid")),
    ],
    ids=["empty", "large", "huge", "no form"],
)
def test_a_file_that_cannot_be_sold_is_refused_by_name(
    merchant: Program, shop: Shop, settings: Any, sent: Any, refused: tuple[int, str]
) -> None:
    settings.DIGITAL_FILE_BYTES, settings.MAX_UPLOAD_BYTES = 2000, 1000
    product = made(merchant, shop, kind="digital")
    path = f"/products/{product['id']}"
    merchant.do("PUT", f"{path}/terms", {"way": "file"})
    assert problem(merchant.send("POST", f"{path}/file", sent)) == refused
    assert not DigitalFile.objects.exists()


def test_only_goods_may_be_larger_than_pictures(merchant: Program, settings: Any) -> None:
    settings.DIGITAL_FILE_BYTES, settings.MAX_UPLOAD_BYTES = 100_000, 1000
    huge = Upload(b"x" * 5000, "cup.png", "image/png")
    assert problem(merchant.send("POST", "/pictures", huge)) == (413, "too_long")


def test_a_voucher_is_redeemed_once(merchant: Program, shop: Shop) -> None:
    product = made(merchant, shop, kind="voucher")
    terms = {"way": "voucher", "places": "Lakeside Road 1", "valid_days": 30}
    merchant.do("PUT", f"/products/{product['id']}/terms", terms)
    assert merchant.get(f"/products/{product['id']}/terms")["valid_days"] == 30
    merchant.do("POST", f"/products/{product['id']}/publish")
    buyer = make.member()
    item = Variant.objects.get(pk=int(product["variants"][0]["id"]))
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
    [got] = Program(buyer).get(f"/orders/{order.pk}/handed-over")
    [voucher] = got["vouchers"]
    assert voucher["state"] == "issued"

    scans, scan = f"/shops/{shop.pk}/voucher-scans", {"code": voucher["code"], "place": "Till 1"}
    for _ in range(2):
        first = merchant.send("POST", scans, scan, key="scan-key-1")
        assert (first.status_code, b'"accepted"' in first.content) == (200, True)
    second = merchant.do("POST", scans, scan | {"place": "Till 2"})
    assert (second["result"], second["redeemed_place"]) == ("voucher_redeemed", "Till 1")
    assert problem(merchant.send("POST", scans, {"code": "nonsense"})) == (422, "voucher_mistyped")


def test_a_member_sells_one_thing_and_takes_it_back() -> None:
    member = seller()
    program = Program(member)
    given = {
        "title": "Old bicycle",
        "price": {"amount": 30_000, "currency": "CNY"},
        "condition": "good",
        "level1": "Zhejiang",
        "place": {"latitude": 30.25, "longitude": 120.16},
        "pictures": [staged_picture(make.actor(member))],
    }
    nobody = make.member()
    own = given | {"pictures": [staged_picture(make.actor(nobody))]}
    refused = Program(nobody).send("POST", "/listings", own)
    assert problem(refused) == (403, "contact_needed")
    posted = program.do("POST", "/listings", given)

    assert (posted["seller"]["handle"], posted["product"]["kind"]) == (member.handle, "listing")
    found = Program().get("/listings?level1=Zhejiang")["items"]
    assert [one["id"] for one in found] == [posted["id"]]
    assert Program().get("/listings?level1=Hubei")["items"] == []
    assert "latitude" not in found[0], "where somebody lives is not told"
    stranger = Program(make.member())
    assert problem(stranger.send("DELETE", f"/listings/{posted['id']}")) == (404, "not_found")
    program.do("DELETE", f"/listings/{posted['id']}")
    assert Program().get("/listings")["items"] == []
    assert [one["id"] for one in program.get("/me/listings")["items"]] == [posted["id"]]
