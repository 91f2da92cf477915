"""After the sale, by program: parcels in parts, cancelling, returns, documents."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order
from tests.api.client import Program, problem
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
