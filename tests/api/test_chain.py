"""The main path by programs: shop, product, link, guest purchase, refund, earnings, proof."""

from __future__ import annotations

import json

import pytest

from banyan.orders.models import Checkout
from tests.api.client import Program
from tests.support import factories as make

pytestmark = pytest.mark.django_db
ADDRESS = make.ADDRESS
EUR = {"currency": "EUR"}


def test_a_share_becomes_a_paid_order_becomes_money_earned() -> None:
    merchant, ana, guest = Program(make.member("mia")), Program(make.member("ana")), Program()

    shop = merchant.do("POST", "/shops", {"name": "Mia's cups", "slug": "cups", "currency": "EUR"})
    merchant.do("PUT", f"/shops/{shop['id']}/commission-plan", {"rate_bps": 1000})
    product = merchant.do(
        "POST",
        f"/shops/{shop['id']}/products",
        {"title": "Blue cup", "variants": [{"price": {"amount": 2500} | EUR, "on_hand": 5}]},
    )
    merchant.do("POST", f"/products/{product['id']}/publish")
    link = ana.do("POST", "/links", {"target": {"kind": "product", "id": product["id"]}})
    opened = guest.get(f"/links/{link['code']}")
    assert [one["person"]["handle"] for one in opened["sharers"]] == ["ana"]
    assert "ana" in opened["disclosure"].lower()

    touch = guest.do("POST", f"/links/{link['code']}/touches")
    line = {"variant_id": product["variants"][0]["id"], "quantity": 2}
    line |= {"via": link["code"], "touch": touch["id"]}
    quote = guest.do("POST", "/checkouts/quote", {"lines": [line]})
    assert quote["total"] == {"amount": 5000, "currency": "EUR"}
    body = {"lines": [line], "contact": {"email": "guest@example.com"}, "address": ADDRESS}
    body["agreed_total"] = quote["total"]
    placed = guest.do("POST", "/checkouts", body)
    make.pay(Checkout.objects.get(pk=placed["id"]))

    opens = {"Access-Token": placed["access_token"]}
    payment = guest.get(f"/checkouts/{placed['id']}/payment", **opens)
    assert payment["state"] == "captured"
    order_id = placed["orders"][0]["id"]
    order = guest.get(f"/orders/{order_id}", **opens)
    assert [one["person"]["handle"] for one in order["lines"][0]["path"]] == ["ana"]
    assert [step["step"] for step in order["lines"][0]["price"]] == ["list", "shipping"]

    merchant.do("POST", f"/orders/{order_id}/ship", {"carrier": "DHL", "tracking": "123"})
    asked = guest.do(
        "POST",
        f"/orders/{order_id}/refund-requests",
        {"amount": {"amount": 2000} | EUR, "reason": "chipped"},
        **opens,
    )
    granted = merchant.do("POST", f"/refunds/{asked['id']}/grant", {"reason": "sorry"})
    assert (granted["id"], granted["state"]) == (asked["id"], "processing")

    [commission] = ana.get("/commissions")["items"]
    assert (commission["amount"]["amount"], commission["left"]["amount"]) == (500, 300)
    why = ana.get(f"/commissions/{commission['id']}")
    assert [one["person"]["handle"] for one in why["path"]] == ["ana"]
    for journal in why["journals"]:
        assert sum(one["amount"]["amount"] for one in journal["postings"]) == 0
    finance = Program(make.staff("finance"))
    assert finance.get("/ledger/proof")["clean"] is True
    assert json.loads(ana.send("GET", "/ledger/proof").content)["code"] == "forbidden"
