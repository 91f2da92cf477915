"""What the platform owes a shop, by program."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.catalog.models import ShopStaff
from banyan.kernel import clock
from banyan.orders import actions as orders
from banyan.payments import actions as payments
from banyan.payments.models import Payout
from tests.api.client import Program, problem
from tests.earnings.shop_money import IBAN, TILL, draft, named, sold, submit
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
            "payable": cny(0),
            "passed_on": cny(0),
            "in_transit": cny(0),
            "paid_out": cny(0),
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
        for path in ("money", "money/statement", "payouts", "payout-destination"):
            refused = Program(who).send("GET", f"/shops/{at.shop.pk}/{path}")
            assert problem(refused) == (404, "not_found")


def test_a_shop_without_a_line_is_owed_nothing() -> None:
    shop = make.shop()
    merchant = Program(shop.owner)
    assert merchant.get(f"/shops/{shop.pk}/money") == []
    refused = merchant.send("GET", f"/shops/{shop.pk}/money/statement")
    assert problem(refused) == (404, "not_found")


def test_an_owner_says_where_it_goes_and_a_manager_reads_four_signs_of_it() -> None:
    shop, manager = make.shop(), make.member()
    ShopStaff.objects.create(shop=shop, account=manager, role="manager", created_at=clock.now())
    owner, path = Program(shop.owner), f"/shops/{shop.pk}/payout-destination"
    typed = {"name": "Tea Ltd", "account": IBAN}
    assert owner.get(path) is None
    said = owner.do("PUT", path, typed)
    assert (said["name"], said["account"]) == ("Tea Ltd", "••••0 51")
    assert Program(manager).get(path) == said
    assert problem(owner.send("PUT", path, typed | {"account": "  "}))[0] == 422
    for method in ("PUT", "DELETE"):
        refused = Program(manager).send(method, path, typed if method == "PUT" else None)
        assert problem(refused) == (404, "not_found"), method
    reader = Program(shop.owner, scopes=("read",))
    assert reader.send("PUT", path, typed).status_code == 403
    assert owner.get(path) == said
    for _time in range(2):
        owner.do("DELETE", path)
    assert owner.get(path) is None


def test_payouts_are_listed_page_by_page(settings: Any) -> None:
    settings.PAYMENT_PROVIDERS = ["hand", "sandbox"]
    shop = make.shop()
    named(shop)
    for _each in range(3):
        sold(shop)
        submit(draft())
    first = Payout.objects.order_by("id")[0]
    payments.say_sent(actor=TILL, payout_id=first.pk, bank_ref="B-1", reason="paid")
    merchant, path = Program(shop.owner), f"/shops/{shop.pk}/payouts"
    page = merchant.get(f"{path}?limit=2")
    assert [one["state"] for one in page["items"]] == ["submitted", "submitted"]
    rest = merchant.get(f"{path}?limit=2&before={page['next']}")
    [last] = rest["items"]
    assert (last["state"], last["amount"], last["reference"]) == ("paid", cny(10_000), "B-1")
    assert last["account"] == "••••0 51"
    assert rest["next"] is None
    [standing] = merchant.get(f"/shops/{shop.pk}/money")
    assert (standing["in_transit"], standing["paid_out"]) == (cny(20_000), cny(10_000))
