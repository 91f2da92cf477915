"""A merchant's day by program: shop, products with pictures, coupons, refunds by line."""

from __future__ import annotations

import json
from typing import Any

import pytest

from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.orders.models import Checkout
from banyan.payments import actions as payments
from tests.api.client import Program, errors, problem
from tests.support import factories as make
from tests.support import prices
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db


def _price(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "CNY"}


@pytest.fixture
def shop() -> Shop:
    return make.shop()


@pytest.fixture
def merchant(shop: Shop) -> Program:
    return Program(shop.owner)


def test_a_shop_says_how_it_delivers_and_what_tax_is_due(merchant: Program, shop: Shop) -> None:
    zones = f"/shops/{shop.pk}/shipping-zones"
    [everywhere] = merchant.get(zones)
    assert (everywhere["places"], everywhere["methods"][0]["bands"]) == (
        ["*"],
        [{"begins": 0, "amount": 0}],
    )
    zone = merchant.do("POST", zones, {"name": "Islands", "places": ["ES:35", "ES:38"]})
    body = {
        "name": "Ship",
        "currency": "CNY",
        "basis": "weight",
        "bands": [{"begins": 0, "amount": 800}, {"begins": 2000, "amount": 1500}],
        "free_from": 20_000,
        "days": [3, 5],
    }
    path = f"{zones}/{zone['id']}/methods"
    method = merchant.do("POST", path, body)
    assert (method["bands"][1], method["days"]) == ({"begins": 2000, "amount": 1500}, [3, 5])
    flat = body | {"basis": "flat"}
    assert set(errors(merchant.send("PUT", f"{path}/{method['id']}", flat))) == {"bands"}
    tax = {"name": "VAT", "places": ["*"], "standard_rate": 190_000, "included": False}
    made = merchant.do("POST", f"/shops/{shop.pk}/tax-zones", tax)
    assert (made["standard_rate"], made["per"], made["rounding"]) == (190_000, "line", "half_up")
    wrong = tax | {"name": "Other", "places": ["Germany"]}
    assert set(errors(merchant.send("POST", f"/shops/{shop.pk}/tax-zones", wrong))) == {"places"}
    assert [one["id"] for one in merchant.get("/me/shops")] == [str(shop.pk)]
    refused = merchant.send("POST", "/shops", {"name": "Other", "slug": shop.slug})
    assert set(errors(refused)) == {"slug"}


def test_another_shops_zones_and_lists_are_not_there(merchant: Program, shop: Shop) -> None:
    other = Program(make.shop().owner)
    [zone] = merchant.get(f"/shops/{shop.pk}/shipping-zones")
    path = f"/shops/{shop.pk}/shipping-zones/{zone['id']}"
    body = {"name": "Mine", "places": ["*"]}
    assert problem(other.send("PUT", path, body)) == (404, "not_found")
    assert problem(other.send("DELETE", path)) == (404, "not_found")
    for rooms in ("shipping-zones", "tax-zones", "price-lists"):
        assert problem(other.send("GET", f"/shops/{shop.pk}/{rooms}")) == (404, "not_found")
    assert merchant.get(f"/shops/{shop.pk}/shipping-zones") == [zone]


def test_a_price_list_is_made_filled_and_holds_for_those_it_is_for(
    merchant: Program, shop: Shop
) -> None:
    item, foreign = make.variant(shop, price=1000), make.variant()
    friend = make.member()
    lists = f"/shops/{shop.pk}/price-lists"
    body = {"name": "Trade", "currency": "CNY", "audience": "accounts", "handles": ["nobody"]}
    assert set(errors(merchant.send("POST", lists, body))) == {"handles"}
    made = merchant.do("POST", lists, body | {"handles": [friend.handle]})
    prices = {"prices": [{"variant_id": str(item.pk), "amount": 700, "min_quantity": 5}]}
    path = f"{lists}/{made['id']}/prices"
    assert merchant.do("PUT", path, prices) == merchant.get(path)
    strange = {"prices": [{"variant_id": str(foreign.pk), "amount": 1}]}
    assert set(errors(merchant.send("PUT", path, strange))) == {"rows"}

    def quoted(who: Program, n: int) -> int:
        lines = [{"variant_id": str(item.pk), "quantity": n}]
        total: int = who.do("POST", "/checkouts/quote", {"lines": lines})["total"]["amount"]
        return total

    assert [quoted(Program(friend), 4), quoted(Program(friend), 5)] == [4000, 3500]
    assert [quoted(Program(), 5), quoted(Program(make.member()), 5)] == [5000, 5000]


def test_a_pending_shop_is_seen_by_its_staff_alone(settings: Any) -> None:
    settings.SHOP_APPROVAL = True
    merchant = Program(make.member())
    made = merchant.do("POST", "/shops", {"name": "Cups", "slug": "cups"})
    assert made["state"] == "pending"
    assert merchant.get(f"/shops/{made['id']}")["state"] == "pending"
    assert problem(Program().send("GET", f"/shops/{made['id']}")) == (404, "not_found")


def test_two_skus_that_differ_by_a_blank_are_one(merchant: Program, shop: Shop) -> None:
    kinds = [
        {"price": _price(100), "values": ["red"], "sku": "CUP"},
        {"price": _price(100), "values": ["blue"], "sku": "CUP "},
    ]
    body = {"title": "Cup", "options": ["Colour"], "variants": kinds}
    refused = merchant.send("POST", f"/shops/{shop.pk}/products", body)
    assert "sku" in errors(refused)


def test_a_product_is_drafted_pictured_published_changed(merchant: Program, shop: Shop) -> None:
    assert merchant.account is not None
    who = make.actor(merchant.account)
    red, blue = staged_picture(who), staged_picture(who, (20, 60, 200))
    body: dict[str, Any] = {
        "title": "Cup",
        "options": ["Colour"],
        "variants": [
            {"price": _price(100), "values": ["red"], "sku": "R", "on_hand": 3},
            {"price": _price(120), "values": ["blue"], "compare_at": _price(150), "on_hand": 1},
        ],
        "texts": {"zh-hans": {"title": "杯子", "description": ""}},
        "tags": ["tea"],
        "pictures": [red, blue],
    }
    made = merchant.do("POST", f"/shops/{shop.pk}/products", body)
    assert (made["state"], len(made["pictures"])) == ("draft", 2)
    path = f"/products/{made['id']}"
    assert problem(Program().send("GET", path)) == (404, "not_found")
    assert Program().get(f"/shops/{shop.pk}/products")["items"] == []
    assert [one["id"] for one in merchant.get(f"/shops/{shop.pk}/products")["items"]] == [
        made["id"]
    ]

    merchant.do("POST", f"{path}/publish")
    seen = Program().get(path, **{"Accept-Language": "zh-hans"})
    assert (seen["title"], seen["variants"][1]["compare_at"]) == ("杯子", _price(150))
    assert [one["id"] for one in Program().get("/products")["items"]] == [made["id"]]

    # the blue picture first and alone, a variant less, the stock of the other left alone
    body |= {"pictures": [made["pictures"][1]["id"]], "variants": body["variants"][:1]}
    del body["variants"][0]["on_hand"]
    changed = merchant.do("PUT", path, body)
    assert [one["id"] for one in changed["pictures"]] == [made["pictures"][1]["id"]]
    assert [(one["sku"], one["free"]) for one in changed["variants"]] == [("R", 3)]
    assert len(merchant.do("PUT", path, body | {"pictures": None})["pictures"]) == 1

    # who has to be of age is neither asked less, nor more, by a change that does not speak of it
    aged = merchant.do("PUT", path, body | {"min_age": 18})
    assert (aged["min_age"], aged["kind"]) == (18, "goods")
    assert merchant.do("PUT", path, body)["min_age"] == 18
    assert merchant.do("PUT", path, body | {"min_age": 0})["min_age"] is None
    assert problem(merchant.send("PUT", path, body | {"min_age": 22})) == (422, "invalid")

    stock = f"/variants/{changed['variants'][0]['id']}/stock"
    assert merchant.do("PUT", stock, {"on_hand": 9})["free"] == 9
    assert merchant.do("POST", f"{path}/unpublish")["state"] == "draft"
    assert merchant.do("POST", f"{path}/archive")["state"] == "archived"


def test_a_strangers_picture_cannot_be_named(merchant: Program, shop: Shop) -> None:
    token = staged_picture(make.actor(make.member()))
    body = {"title": "Cup", "variants": [{"price": _price(1)}], "pictures": [token]}
    refused = merchant.send("POST", f"/shops/{shop.pk}/products", body)
    assert problem(refused) == (422, "staged_gone")
    assert not shop.products.exists()


def test_a_coupon_is_made_used_and_stopped(merchant: Program, shop: Shop) -> None:
    body = {"title": "Ten", "code": "TEN", "percent_bps": 1000, "cap": 2}
    coupon = merchant.do("POST", f"/shops/{shop.pk}/coupons", body)
    assert problem(merchant.send("POST", f"/shops/{shop.pk}/coupons", body)) == (422, "invalid")
    lines = [{"variant_id": str(make.variant(shop, price=1000).pk)}]
    quote = Program().do("POST", "/checkouts/quote", {"lines": lines, "coupon": "ten"})
    assert (quote["discount"], quote["total"]) == (_price(100), _price(900))
    assert merchant.do("DELETE", f"/coupons/{coupon['id']}")["is_active"] is False
    quote = Program().do("POST", "/checkouts/quote", {"lines": lines, "coupon": "ten"})
    assert (quote["coupon_problem"], quote["total"]) == ("coupon_unknown", _price(1000))
    assert [one["id"] for one in merchant.get(f"/shops/{shop.pk}/coupons")["items"]] == [
        coupon["id"]
    ]


def test_a_member_takes_a_coupon_and_buys_with_the_best_set(merchant: Program, shop: Shop) -> None:
    url = f"/shops/{shop.pk}/coupons"
    rule = {"code": "percent_off", "args": {"bps": 2000, "most": 150}}
    wrong = {"title": "No", "benefits": [{"code": "percent_off", "args": {"bps": 0}}]}
    assert problem(merchant.send("POST", url, wrong)) == (422, "invalid")
    body = {"title": "Club", "code": "CLUB", "benefits": [rule], "reach": "claim", "cap": 5}
    made = merchant.do("POST", url, body)
    assert (made["benefits"], made["taken"]) == ([rule], 0)
    merchant.do("POST", url, {"title": "All", "percent_bps": 500, "reach": "auto", "cap": 5})
    ana = Program(make.member())
    assert problem(ana.send("POST", "/me/coupons", {"code": "NOPE"})) == (409, "coupon_unknown")
    held = ana.do("POST", "/me/coupons", {"code": "club"})
    assert ana.do("POST", "/me/coupons", {"code": "club"}) == held
    assert ana.get("/me/coupons")["items"] == [held]

    lines = [{"variant_id": str(make.variant(shop, price=1000).pk)}]
    quote = ana.do("POST", "/checkouts/quote", {"lines": lines})

    assert [one["title"] for one in quote["coupons"]] == ["Club"]
    assert [one["reason"] for one in quote["coupons_not_used"]] == ["coupon_less"]
    assert (quote["savings"], quote["total"]) == (_price(150), _price(850))
    other = ana.do("POST", "/checkouts/quote", {"lines": lines, "coupons_off": [held["id"]]})
    assert (other["savings"], other["coupons"][0]["title"]) == (_price(50), "All")


def test_printed_codes_work_once_each(merchant: Program, shop: Shop) -> None:
    body = {"title": "Card", "percent_bps": 1000, "reach": "held", "cap": 2, "per_person": 2}
    coupon = merchant.do("POST", f"/shops/{shop.pk}/coupons", body)
    url = f"/coupons/{coupon['id']}/codes"
    codes = merchant.do("POST", url, {"n": 2})["codes"]
    assert all(len(code) >= 14 for code in codes)
    assert problem(merchant.send("POST", url, {"n": 1}))[1] == "coupon_used_up"
    item = make.variant(shop, price=1000)
    make.place((item, 1), coupon=codes[0])
    quote = {"lines": [{"variant_id": str(item.pk)}], "coupon": codes[0]}
    assert Program().do("POST", "/checkouts/quote", quote)["coupon_problem"] == "coupon_taken"
    quote["coupon"] = codes[1].upper()
    assert Program().do("POST", "/checkouts/quote", quote)["total"] == _price(900)


def test_a_price_that_changed_is_told(shop: Shop) -> None:
    item, guest = make.variant(shop, price=1000), Program()
    body = {
        "lines": [{"variant_id": str(item.pk)}],
        "contact": {"email": "g@example.com"},
        "address": make.ADDRESS,
        "agreed_total": _price(900),
    }
    assert problem(guest.send("POST", "/checkouts", body)) == (409, "price_changed")
    other = body | {"agreed_total": {"amount": 1000, "currency": "EUR"}}
    assert set(errors(guest.send("POST", "/checkouts", other))) == {"agreed_total.currency"}
    nowhere = body | {"agreed_total": None, "address": {"country": "CN"}}
    assert "street" in errors(guest.send("POST", "/checkouts", nowhere))


def test_a_quote_says_ways_currencies_tax_and_steps_and_its_agreement_is_held(shop: Shop) -> None:
    item, guest = make.variant(shop, price=1000), Program()
    zone = prices.zone(shop, "CN")
    prices.way(zone, 300, days=(2, 4))
    fast = prices.way(zone, 900, name="Courier", position=1)
    prices.tax(shop, "CN", rate=100_000)
    listed = prices.price_list(shop, {item: 900}, name="Spring")
    lines = [{"variant_id": str(item.pk), "quantity": 2}]
    chosen = [{"shop_id": str(shop.pk), "method_id": str(fast.pk)}]
    ask = {"lines": lines, "to": {"country": "CN"}, "delivery": chosen}
    quote = guest.do("POST", "/checkouts/quote", ask)
    assert (quote["shipping"], quote["tax"], quote["total"]) == (
        _price(900),
        _price(270),
        _price(2970),
    )
    assert quote["currencies"] == [shop.currency]
    [carriage] = quote["delivery"]
    assert [(way["name"], way["chosen"], way["days"]) for way in carriage["ways"]] == [
        ("Post", False, [2, 4]),
        ("Courier", True, None),
    ]
    steps = [(one["step"], one["amount"]["amount"]) for one in quote["lines"][0]["price"]]
    assert steps == [("list", 2000), ("price_list", -200), ("shipping", 900), ("tax", 270)]

    body = {"lines": lines, "delivery": chosen, "contact": {"email": "g@example.com"}}
    body |= {"address": make.ADDRESS, "agreement": quote["agreement"]}
    listed.prices.update(amount=950)
    answer = guest.send("POST", "/checkouts", body)
    assert problem(answer) == (409, "price_changed")
    told = {
        one["what"]: (one["before"], one["now"]) for one in json.loads(answer.content)["changes"]
    }
    assert told == {"line": (1800, 1900), "tax": (270, 280)}
    assert not Checkout.objects.exists()
    body["agreement"] = guest.do("POST", "/checkouts/quote", ask)["agreement"]
    placed = guest.do("POST", "/checkouts", body)
    assert (placed["tax"], placed["total"]) == (_price(280), _price(3080))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"agreement": "XXX l1:1 nonsense"}, 422, "agreement"),
        ({"agreement": "EUR l1:1"}, 409, "price_changed"),
        ({"currency": "JPY"}, 422, "currency_not_offered"),
        ({"delivery": [{"shop_id": "SHOP", "method_id": "5"}]}, 422, "unknown_method"),
        ({"lines": [{"variant_id": "ITEM", "quantity": -1}]}, 422, "invalid"),
        ({"lines": [{"variant_id": "ITEM", "quantity": 10**12}]}, 422, "invalid"),
        ({"address": {**make.ADDRESS, "country": "TW"}}, 422, "not_delivered_there"),
    ],
)
def test_tampered_figures_are_refused_by_their_code_and_nothing_is_written(
    shop: Shop, change: dict[str, Any], status: int, code: str
) -> None:
    item, guest = make.variant(shop, price=1000, stock=5), Program()
    prices.zone(shop, "TW")
    body = {
        "lines": [{"variant_id": "ITEM"}],
        "contact": {"email": "g@example.com"},
        "address": make.ADDRESS,
    }
    text = json.dumps(body | change).replace("ITEM", str(item.pk)).replace("SHOP", str(shop.pk))
    assert problem(guest.send("POST", "/checkouts", data=text.encode())) == (status, code)
    assert not Checkout.objects.exists()
    assert make.stock_of(item).reserved == 0


def test_refunds_by_line_are_granted_declined_and_read_alike(merchant: Program, shop: Shop) -> None:
    items = [(make.variant(shop, price=price), 1) for price in (1000, 500)]
    buyer = Program(make.member())
    order = make.pay(make.place(*items, buyer=buyer.account)).orders.get()
    first, second = buyer.get(f"/orders/{order.pk}")["lines"]
    asks = f"/orders/{order.pk}/refund-requests"

    both = {
        "reason": "x",
        "amount": _price(1),
        "lines": [{"line_id": first["id"], "amount": _price(1)}],
    }
    assert set(errors(buyer.send("POST", asks, both))) == {"amount"}
    too_much = {"reason": "x", "lines": [{"line_id": second["id"], "amount": _price(501)}]}
    assert problem(buyer.send("POST", asks, too_much)) == (422, "refund_too_much")

    asked = buyer.do(
        "POST",
        asks,
        {"reason": "torn", "lines": [{"line_id": second["id"], "amount": _price(300)}]},
    )
    assert asked["lines"] == [{"line_id": second["id"], "amount": _price(300)}]
    declined = merchant.do("POST", f"/refunds/{asked['id']}/decline", {"reason": "used"})
    assert [move["state"] for move in declined["history"]] == ["requested", "refused"]
    again = merchant.send("POST", f"/refunds/{asked['id']}/grant", {"reason": "well"})
    assert problem(again) == (409, "refund_not_open")

    given = merchant.do(
        "POST",
        f"/orders/{order.pk}/refunds",
        {"reason": "sorry", "lines": [{"line_id": first["id"], "amount": _price(400)}]},
    )
    assert (given["state"], given["requested_by"]) == ("processing", "member")
    seen = buyer.get(f"/refunds/{given['id']}")
    assert seen == merchant.get(f"/refunds/{given['id']}")
    lines = buyer.get(f"/orders/{order.pk}")["lines"]
    assert [line["refunded"]["amount"] for line in lines] == [400, 0]


def test_an_unpaid_purchase_can_be_given_up(shop: Shop) -> None:
    buyer = Program(make.member())
    placed = make.place((make.variant(shop), 1), buyer=buyer.account)
    assert buyer.do("POST", f"/checkouts/{placed.pk}/cancel")["state"] == "cancelled"
    assert [one["state"] for one in buyer.get("/checkouts")["items"]] == ["cancelled"]
    assert problem(buyer.send("POST", f"/checkouts/{placed.pk}/payment")) == (409, "payment_closed")


def test_a_shop_learns_where_to_send_something_once_it_is_paid(
    merchant: Program, shop: Shop
) -> None:
    buyer = make.member()
    placed = make.place((make.variant(shop), 1), buyer=buyer)
    guests = make.place((make.variant(shop), 1))
    order = placed.orders.get()
    whose = {"address", "email", "phone"}

    def known(told: dict[str, Any]) -> set[str]:
        return {name for name in whose if told[name]}

    assert [known(one) for one in merchant.get(f"/shops/{shop.pk}/orders")["items"]] == [set()] * 2
    assert known(merchant.get(f"/orders/{order.pk}")) == set()
    assert "address" in known(Program(buyer).get(f"/orders/{order.pk}"))
    guest = Program()
    guest.headers["Access-Token"] = guests.access_token
    assert known(guest.get(f"/orders/{guests.orders.get().pk}")) == whose
    helper = Program(make.staff("support"))
    assert "address" in known(helper.get(f"/orders/{order.pk}"))

    make.pay(placed)

    assert "address" in known(merchant.get(f"/orders/{order.pk}"))


def test_what_was_paid_twice_is_told_as_paid(shop: Shop) -> None:
    """Given a payment beside the one that counts: it is booked apart, and goes back."""
    buyer = Program(make.member())
    placed = make.pay(make.place((make.variant(shop), 1), buyer=buyer.account))
    assert placed.intent_id is not None
    again = payments.Paid(
        provider_ref="again",
        money=Money(placed.total_amount, placed.currency),
        at=clock.now(),
    )
    payments.capture(actor=Actor.provider("sandbox"), intent_id=placed.intent_id, paid=again)

    told = buyer.get(f"/checkouts/{placed.pk}/payment")
    pressed = buyer.do("POST", f"/checkouts/{placed.pk}/payment")
    assert [(one["state"], one["failure"]) for one in (told, pressed)] == [("captured", "")] * 2
