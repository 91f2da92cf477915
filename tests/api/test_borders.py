"""What is another's is absent: 404, and no row changed. Every route that carries an id is here."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.api.urls import api
from tests.api.client import Program, problem
from tests.api.dumps import rows_of_all_tables
from tests.api.world import World, new_world
from tests.support import factories as make

pytestmark = pytest.mark.django_db

MONEY = {"amount": 1, "currency": "CNY"}
PRODUCT = {"title": "Mine now", "variants": [{"price": {"amount": 1, "currency": "CNY"}}]}

# Method and path of every route that names something of somebody's, and a body it would accept.
OTHERS: list[tuple[str, str, Any]] = [
    ("DELETE", "/me/tokens/{token_id}", None),
    ("PATCH", "/shops/{shop_id}", {"name": "Mine now"}),
    ("GET", "/shops/{shop_id}/commission-plan", None),
    ("PUT", "/shops/{shop_id}/commission-plan", {"rate_bps": 5000}),
    ("GET", "/shops/{shop_id}/coupons", None),
    ("POST", "/shops/{shop_id}/coupons", {"title": "Mine", "percent_bps": 10_000}),
    ("DELETE", "/coupons/{coupon_id}", None),
    ("DELETE", "/offers/{offer_id}", None),
    ("PUT", "/coupons/{coupon_id}/terms", {"benefits": [{"code": "free_shipping"}]}),
    ("POST", "/coupons/{coupon_id}/codes", {"n": 1}),
    ("POST", "/shops/{shop_id}/products", PRODUCT),
    ("PUT", "/products/{product_id}", PRODUCT),
    ("POST", "/products/{product_id}/publish", None),
    ("POST", "/products/{product_id}/unpublish", None),
    ("POST", "/products/{product_id}/archive", None),
    ("PUT", "/variants/{variant_id}/stock", {"on_hand": 0}),
    ("PUT", "/posts/{post_id}/alts", {"alts": ["mine"]}),
    ("DELETE", "/posts/{post_id}", None),
    ("DELETE", "/comments/{comment_id}", None),
    ("GET", "/links/{code}/tree", None),
    ("DELETE", "/links/{code}", None),
    ("GET", "/checkouts/{checkout_id}", None),
    ("POST", "/checkouts/{checkout_id}/cancel", None),
    ("POST", "/checkouts/{checkout_id}/payment", None),
    ("GET", "/checkouts/{checkout_id}/payment", None),
    ("GET", "/shops/{shop_id}/orders", None),
    ("GET", "/orders/{order_id}", None),
    ("POST", "/orders/{order_id}/ship", {"carrier": "Mine"}),
    ("POST", "/orders/{order_id}/receipt", None),
    ("POST", "/orders/{order_id}/refund-requests", {"reason": "mine", "amount": MONEY}),
    ("POST", "/orders/{order_id}/refunds", {"reason": "mine", "amount": MONEY}),
    ("GET", "/refunds/{refund_id}", None),
    ("POST", "/refunds/{refund_id}/grant", {"reason": "mine"}),
    ("POST", "/refunds/{refund_id}/decline", {"reason": "mine"}),
    ("POST", "/refunds/{refund_id}/destination", {"destination": "my account"}),
    ("GET", "/commissions/{commission_id}", None),
]
# Routes with an id that are for everybody, as the pages are: reading what is public, and acts
# whose effect is one's own (a like, a comment, a repin, a follow, an opening, one's own cart).
FOR_EVERYBODY = {
    ("POST", "/sign-in/{attempt}/resend"),
    ("POST", "/sign-in/{attempt}/confirm"),
    ("GET", "/people/{handle}"),
    ("GET", "/people/{handle}/posts"),
    ("PUT", "/people/{handle}/follow"),
    ("DELETE", "/people/{handle}/follow"),
    ("GET", "/shops/{shop_id}"),
    ("GET", "/shops/{shop_id}/products"),
    ("GET", "/storefronts/{handle}"),
    ("PUT", "/me/storefront/products/{product_id}"),
    ("PUT", "/me/storefront/pool/{item_id}"),
    ("GET", "/products/{product_id}"),
    ("GET", "/posts/{post_id}"),
    ("PUT", "/posts/{post_id}/like"),
    ("DELETE", "/posts/{post_id}/like"),
    ("POST", "/posts/{post_id}/repin"),
    ("GET", "/posts/{post_id}/comments"),
    ("POST", "/posts/{post_id}/comments"),
    ("GET", "/links/{code}"),
    ("POST", "/links/{code}/touches"),
    ("PUT", "/cart/lines/{variant_id}"),
    ("DELETE", "/cart/lines/{variant_id}"),
}


def _routes_with_ids() -> set[tuple[str, str]]:
    return {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
        if "{" in path
    }


def test_burned_10_the_table_holds_every_route_with_an_id() -> None:
    told = {(method, path) for method, path, _body in OTHERS}
    assert told.isdisjoint(FOR_EVERYBODY)
    assert told | FOR_EVERYBODY == _routes_with_ids()


@pytest.fixture
def world() -> World:
    return new_world()


def _merchant_of_another_shop() -> Program:
    merchant = Program(make.member())
    make.shop(merchant.account)
    return merchant


def test_burned_10_another_merchants_token_finds_nothing(
    world: World, subtests: pytest.Subtests
) -> None:
    thief = _merchant_of_another_shop()
    before = rows_of_all_tables()
    for method, path, body in OTHERS:
        with subtests.test(f"{method} {path}"):
            refused = thief.send(method, path.format(**world.ids), body)
            assert problem(refused) == (404, "not_found")
            assert rows_of_all_tables() == before


def test_burned_10_a_guest_without_the_access_token_finds_nothing(
    world: World, subtests: pytest.Subtests
) -> None:
    before = rows_of_all_tables()
    for method, path, body in OTHERS:
        with subtests.test(f"{method} {path}"):
            refused = Program().send(method, path.format(**world.ids), body)
            assert problem(refused) in {(404, "not_found"), (401, "login_required")}
            assert rows_of_all_tables() == before


def test_burned_10_one_guests_access_token_opens_no_other_purchase(world: World) -> None:
    mine = make.place((make.variant(), 1))
    token = {"Access-Token": mine.access_token}
    assert Program().get(f"/checkouts/{mine.pk}", **token)["number"] == mine.number
    for path in ("/checkouts/{checkout_id}", "/orders/{order_id}", "/refunds/{refund_id}"):
        refused = Program().send("GET", path.format(**world.ids), headers=token)
        assert problem(refused) == (404, "not_found")


def test_burned_10_the_owners_of_things_do_find_them(world: World) -> None:
    """The table would prove nothing if its bodies were refused to everybody."""
    owner, buyer, sharer = (Program(one) for one in (world.owner, world.buyer, world.sharer))
    found = {
        (method, path): {
            who.send(method, path.format(**world.ids), body).status_code
            for who in (owner, buyer, sharer)
        }
        for method, path, body in OTHERS
    }
    never = [place for place, statuses in found.items() if not statuses & {200, 201, 204, 409}]
    assert never == []


def test_a_token_of_another_scope_may_read_only(world: World) -> None:
    reader = Program(world.owner, scopes=("read",))
    reader.get(f"/shops/{world.shop.pk}/orders")
    before = rows_of_all_tables()
    operations = api.get_openapi_schema()["paths"].items()
    for path, methods in operations:
        for method in set(methods) - {"get"}:
            place = path.removeprefix("/api/v1")
            if place == "/checkouts/quote":
                continue  # prices only
            names = world.ids | {"attempt": "x"}
            refused = reader.send(method.upper(), place.format(**names), {})
            assert problem(refused) == (403, "scope_missing"), (method, place)
    assert rows_of_all_tables() == before


def test_a_session_cookie_opens_nothing(world: World) -> None:
    browser = Program()
    browser.client.force_login(world.owner)
    assert problem(browser.send("GET", "/me")) == (401, "login_required")
    assert problem(browser.send("GET", f"/shops/{world.shop.pk}/orders"))[0] == 401


def test_a_revoked_token_is_unknown() -> None:
    ana = Program(make.member())
    [token] = ana.get("/me/tokens")
    ana.do("DELETE", f"/me/tokens/{token['id']}")
    refused = ana.send("GET", "/me")
    assert problem(refused) == (401, "token_unknown")
    assert refused["WWW-Authenticate"] == "Bearer"
