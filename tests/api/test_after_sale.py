"""After the sale, by program: parcels in parts, cancelling, returns, documents."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order
from tests.api.client import Program, errors, problem
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db


def paid(quantity: int = 2) -> tuple[Order, Program, Program]:
    """A paid order, its shop's program and its buyer's."""
    shop, buyer = make.shop(shipping_amount=200), make.member()
    placed = make.place((make.variant(shop, price=1_000), quantity), buyer=buyer)
    return make.pay(placed).orders.get(), Program(shop.owner), Program(buyer)


def test_parcels_are_sent_in_parts_and_a_key_sends_once() -> None:
    order, shop, buyer = paid(2)
    line = str(order.lines.get().pk)
    body = {"carrier": "UPS", "tracking": "1Z", "lines": [{"line_id": line, "quantity": 1}]}
    for _ in range(2):
        sent = shop.send("POST", f"/orders/{order.pk}/ship", body, key="parcel-key-1")
        assert sent.status_code == 200
    found = buyer.get(f"/orders/{order.pk}")
    assert found["state"] == "paid"
    assert found["lines"][0]["shipped_quantity"] == 1
    [parcel] = found["shipments"]
    assert parcel["lines"] == [{"line_id": line, "quantity": 1}]
    assert parcel["tracking_url"].endswith("tracknum=1Z")
    too_many = body | {"lines": [{"line_id": line, "quantity": 2}]}
    assert problem(shop.send("POST", f"/orders/{order.pk}/ship", too_many)) == (409, "units_gone")
    assert recount() == {}


def test_the_buyer_cancels_until_it_is_sent() -> None:
    order, shop, buyer = paid()
    path = f"/orders/{order.pk}/cancel"
    assert problem(shop.send("POST", path, {}))[0] == 404
    assert buyer.do("POST", path, {})["state"] == "closed"
    other, shop, buyer = paid()
    shop.do("POST", f"/orders/{other.pk}/ship", {"carrier": "UPS"})
    refused = problem(buyer.send("POST", f"/orders/{other.pk}/cancel", {}))
    assert refused == (409, "not_cancellable")
    assert recount() == {}
    assert verify().clean


def test_a_return_goes_its_way_by_program() -> None:
    order, shop, buyer = paid()
    shop.do("POST", f"/orders/{order.pk}/ship", {"carrier": "UPS"})
    buyer.do("POST", f"/orders/{order.pk}/receipt")
    line = str(order.lines.get().pk)
    asked = buyer.do(
        "POST",
        f"/orders/{order.pk}/returns",
        {"reason": "damaged", "lines": [{"line_id": line, "quantity": 1}]},
    )
    path = f"/returns/{asked['id']}"
    assert problem(Program(make.shop().owner).send("GET", path)) == (404, "not_found")
    assert problem(buyer.send("POST", f"{path}/approve", {"address": "Warehouse 7"}))[0] == 404
    shop.do("POST", f"{path}/approve", {"address": "Warehouse 7"})
    buyer.do("POST", f"{path}/sent", {"carrier": "UPS", "tracking": "1"})
    shop.do("POST", f"{path}/received")
    found: dict[str, Any] = {"id": asked["lines"][0]["id"], "accepted": 1, "restocked": 1}

    done = shop.do("POST", f"{path}/settle", {"lines": [found], "at_fault": True})

    assert done["state"] == "refunded"
    refund = buyer.get(f"/refunds/{done['refund_id']}")
    assert refund["amount"]["amount"] == 1_100
    listed = shop.get(f"/shops/{order.shop_id}/returns")
    assert [one["id"] for one in listed["items"]] == [asked["id"]]
    moved = problem(buyer.send("POST", f"{path}/withdraw"))
    assert moved == (409, "return_moved_on")
    assert recount() == {}
    assert verify().clean


def test_documents_are_written_and_read() -> None:
    order, shop, buyer = paid()
    path = f"/orders/{order.pk}/documents"
    refused = problem(buyer.send("POST", path, {"kind": "invoice"}))
    assert refused == (409, "no_legal_entity")
    orders.set_legal_entity(
        actor=make.actor(order.shop.owner),
        shop_id=order.shop_id,
        name="Kiln",
        address="Lakeside Road 1",
    )
    made = buyer.do("POST", path, {"kind": "invoice"})
    assert [one["id"] for one in shop.get(path)] == [made["id"]]
    file = buyer.get(f"/documents/{made['id']}/file")
    assert base64.b64decode(file["pdf"]).startswith(b"%PDF-")
    stranger = Program(make.member())
    assert problem(stranger.send("GET", f"/documents/{made['id']}/file"))[0] == 404


def test_an_order_is_changed_as_its_preview_showed_or_not() -> None:
    order, shop, buyer = paid(3)
    path, line = f"/orders/{order.pk}/changes", str(order.lines.get().pk)
    fewer = {"kind": "quantity", "line_id": line, "quantity": 1}
    assert problem(buyer.send("POST", f"{path}/preview", fewer))[0] == 404, (
        "for the shop's managers"
    )
    shown = shop.do("POST", f"{path}/preview", fewer)
    assert (shown["before"]["quantity"], shown["after"]["quantity"]) == (3, 1)
    assert shop.get(path) == [], "nothing is written"

    confirmed = fewer | {"fingerprint": shown["fingerprint"], "reason": "One broke"}
    other = fewer | {"quantity": 2, "fingerprint": shown["fingerprint"]}
    assert problem(shop.send("POST", path, other)) == (409, "preview_stale")
    for _ in range(2):
        made = shop.send("POST", path, confirmed, key="change-key-1")
        assert made.status_code == 201
    assert set(errors(shop.send("POST", path, confirmed))) == {"quantity"}, "it is so already"

    [told] = buyer.get(path)
    assert (told["kind"], told["after"]["quantity"], told["reason"]) == ("quantity", 1, "One broke")
    assert told["refund"] == shown["refund"]
    assert buyer.get(f"/refunds/{told['refund_id']}")["amount"] == shown["refund"]
    more = fewer | {"quantity": 5}
    assert problem(shop.send("POST", f"{path}/preview", more)) == (409, "change_upwards")
    nothing = shop.send("POST", f"{path}/preview", {"kind": "quantity"})
    assert problem(nothing) == (409, "line_fixed")
    assert recount() == {}
    assert verify().clean


def test_a_buyer_corrects_the_address_by_program_until_it_is_sent() -> None:
    order, shop, buyer = paid(1)
    path = f"/orders/{order.pk}/changes"
    body = {"kind": "address", "address": {"street": "Lakeside Road 2"}}
    shown = buyer.do("POST", f"{path}/preview", body)
    assert shown["after"]["address"]["street"] == "Lakeside Road 2"
    assert shown["after"]["address"]["recipient"] == shown["before"]["address"]["recipient"]
    buyer.do("POST", path, body | {"fingerprint": shown["fingerprint"]})
    assert shop.get(f"/orders/{order.pk}")["address"]["street"] == "Lakeside Road 2"
    shop.do("POST", f"/orders/{order.pk}/ship", {"carrier": "UPS"})
    assert problem(buyer.send("POST", f"{path}/preview", body)) == (409, "already_sent")


def test_a_fapiao_is_asked_for_issued_and_read() -> None:
    order, shop, buyer = paid(1)
    path = f"/orders/{order.pk}/fapiao"
    assert problem(buyer.send("GET", path)) == (404, "not_found")
    wrong = {"title_kind": "company", "title": "Kiln", "tax_id": "123", "email": "a@example.com"}
    assert set(errors(buyer.send("PUT", path, wrong))) == {"tax_id"}
    asked = buyer.do("PUT", path, wrong | {"title_kind": "personal", "tax_id": ""})
    assert (asked["state"], asked["amount"]) == ("asked", {"amount": 1_200, "currency": "CNY"})
    listed = shop.get(f"/shops/{order.shop_id}/fapiao?state=asked")
    assert [one["order_id"] for one in listed["items"]] == [str(order.pk)]
    assert shop.get(f"/shops/{order.shop_id}/fapiao?state=issued")["items"] == []

    number = {"number": "24332000000012345678"}
    bad = shop.send("POST", f"{path}/issue", number | {"file": "not base64"})
    assert set(errors(bad)) == {"file"}
    no_paper = base64.b64encode(b"MZ").decode()
    assert set(errors(shop.send("POST", f"{path}/issue", number | {"file": no_paper}))) == {"file"}
    file = base64.b64encode(b"%PDF-1.7 fapiao").decode()
    done = shop.do("POST", f"{path}/issue", number | {"file": file})

    assert (done["state"], done["file_kind"]) == ("issued", "pdf")
    assert buyer.get(f"{path}/file") == {**number, "kind": "pdf", "file": file}
    assert problem(buyer.send("POST", f"{path}/withdraw")) == (409, "fapiao_issued")
    assert problem(Program(make.member()).send("GET", f"{path}/file")) == (404, "not_found")


def test_both_sides_read_until_when_the_shop_answers() -> None:
    order, shop, buyer = paid()
    shop.do("POST", f"/orders/{order.pk}/ship", {"carrier": "UPS"})
    line = str(order.lines.get().pk)
    body = {"reason": "damaged", "lines": [{"line_id": line, "quantity": 1}]}
    asked = buyer.do("POST", f"/orders/{order.pk}/returns", body)
    assert asked["due_by"] > asked["created_at"]
    assert shop.get(f"/returns/{asked['id']}")["due_by"] == asked["due_by"]
    money = buyer.do(
        "POST",
        f"/orders/{order.pk}/refund-requests",
        {"reason": "late", "amount": {"amount": 100, "currency": "CNY"}},
    )
    assert money["answer_by"] > money["created_at"]
    assert money["escalated_at"] is None
