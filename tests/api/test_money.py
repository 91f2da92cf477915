"""What the platform owes a shop, by program."""

from __future__ import annotations

import pytest

from banyan.catalog.models import ShopStaff
from banyan.kernel import clock
from banyan.orders import actions as orders
from tests.api.client import Program, problem
from tests.support import factories as make
from tests.web.studio.scene import scene

pytestmark = pytest.mark.django_db


def cny(amount: int) -> dict[str, object]:
    return {"amount": amount, "currency": "CNY"}


def test_a_shop_reads_what_it_is_owed_and_its_statement() -> None:
    at = scene(price=10_000)
    orders.grant_refund(
        actor=make.actor(at.owner), order_id=at.order.pk, amount=5_000, reason="dent", key="r"
    )
    merchant, path = Program(at.owner), f"/shops/{at.shop.pk}/money"
    assert merchant.get(path) == [
        {
            "currency": "CNY",
            "owed": cny(4_500),
            "waiting": cny(4_500),
            "over": cny(0),
            "passed_on": cny(0),
        }
    ]
    told = merchant.get(f"{path}/statement")
    assert (told["opening"], told["closing"]) == (cny(0), cny(4_500))
    assert [(line["kind"], line["amount"]["amount"]) for line in told["lines"]] == [
        ("order.paid", 10_000),
        ("commission.earned", -1_000),
        ("order.refunded", -5_000),
        ("commission.reversed", 500),
    ]
    assert {line["order_id"] for line in told["lines"]} == {str(at.order.pk)}
    month = f"{clock.now():%Y-%m}"
    assert told["months"] == [month]
    assert merchant.get(f"{path}/statement?currency=CNY&month={month}") == told
    further = merchant.get(f"{path}/statement?skip=3")
    assert further["lines"] == told["lines"][3:]
    assert (told["next"], further["next"]) == (None, None)
    for query in ("?currency=EUR", "?month=2020-01"):
        assert problem(merchant.send("GET", f"{path}/statement{query}")) == (404, "not_found")
    assert merchant.send("GET", f"{path}/statement?month=soon").status_code == 422


def test_it_is_for_managers() -> None:
    at = scene()
    clerk = make.member()
    ShopStaff.objects.create(shop=at.shop, account=clerk, role="clerk", created_at=clock.now())
    make.shop(at.stranger)
    for who in (clerk, at.stranger):
        for path in ("money", "money/statement"):
            refused = Program(who).send("GET", f"/shops/{at.shop.pk}/{path}")
            assert problem(refused) == (404, "not_found")


def test_a_shop_without_a_line_is_owed_nothing() -> None:
    shop = make.shop()
    merchant = Program(shop.owner)
    assert merchant.get(f"/shops/{shop.pk}/money") == []
    refused = merchant.send("GET", f"/shops/{shop.pk}/money/statement")
    assert problem(refused) == (404, "not_found")
