"""What is another's is absent: 404, and no row changed. Every route that carries an id is here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from banyan.api.urls import api
from banyan.delivery.rules import grouped, new_voucher_code
from tests.api.client import Program, Upload, problem
from tests.api.dumps import rows_of_all_tables
from tests.api.world import World, new_world
from tests.support import factories as make

pytestmark = pytest.mark.django_db

MONEY = {"amount": 1, "currency": "CNY"}
PRODUCT = {"title": "Mine now", "variants": [{"price": {"amount": 1, "currency": "CNY"}}]}
WAY = {"name": "Mine", "currency": "CNY", "bands": [{"begins": 0, "amount": 0}]}
LIST = {"name": "Mine", "currency": "CNY"}
ASKED_BACK = {"reason": "damaged", "lines": [{"line_id": "{line_id}", "quantity": 1}]}
FOUND = {"lines": [{"id": "{returned_line_id}", "accepted": 1}]}
CAMPAIGN = {
    "mechanic": "group_buy",
    "title": "Mine",
    "starts_at": "2030-01-01T00:00:00Z",
    "ends_at": "2030-02-01T00:00:00Z",
    "terms": {"variant": "{variant_id}", "price": 80},
}
NEW_STREET = {"kind": "address", "address": {"street": "Mine 1"}}
FAPIAO = {"title_kind": "personal", "title": "Mine", "email": "mine@example.com"}
VOUCHER = grouped(new_voucher_code())
ZONES = "/shops/{shop_id}/shipping-zones"
TAXES = "/shops/{shop_id}/tax-zones"
LISTS = "/shops/{shop_id}/price-lists"

# Method and path of every route that names something of somebody's, and a body it would accept,
# in an order in which its owners can send them all: what takes things away comes last.
OTHERS: list[tuple[str, str, Any]] = [
    ("DELETE", "/me/tokens/{token_id}", None),
    ("POST", "/me/notifications/{notification_id}/read", None),
    ("PATCH", "/me/lists/{list_id}", {"name": "Mine now"}),
    ("PUT", "/me/lists/{list_id}/people/{handle}", None),
    ("GET", "/me/lists/{list_id}/people", None),
    ("GET", "/me/lists/{list_id}/posts", None),
    ("DELETE", "/me/lists/{list_id}/people/{handle}", None),
    ("DELETE", "/me/lists/{list_id}", None),
    ("DELETE", "/me/mutes/{mute_id}", None),
    ("PATCH", "/shops/{shop_id}", {"name": "Mine now"}),
    ("GET", "/shops/{shop_id}/commission-plan", None),
    ("PUT", "/shops/{shop_id}/commission-plan", {"rate_bps": 5000}),
    ("GET", "/shops/{shop_id}/money", None),
    ("GET", "/shops/{shop_id}/money/statement", None),
    ("GET", "/shops/{shop_id}/payouts", None),
    ("PUT", "/shops/{shop_id}/payout-destination", {"name": "Mine", "account": "mine"}),
    ("GET", "/shops/{shop_id}/payout-destination", None),
    ("DELETE", "/shops/{shop_id}/payout-destination", None),
    ("GET", "/shops/{shop_id}/coupons", None),
    ("POST", "/shops/{shop_id}/coupons", {"title": "Mine", "percent_bps": 10_000}),
    ("DELETE", "/coupons/{coupon_id}", None),
    ("DELETE", "/offers/{offer_id}", None),
    ("PUT", "/coupons/{coupon_id}/terms", {"benefits": [{"code": "free_shipping"}]}),
    ("POST", "/coupons/{coupon_id}/codes", {"n": 1}),
    ("GET", "/shops/{shop_id}/campaigns", None),
    ("POST", "/shops/{shop_id}/campaigns", CAMPAIGN),
    ("POST", "/shop-campaigns/{campaign_id}/publish", None),
    ("POST", "/shop-campaigns/{campaign_id}/pause", None),
    ("POST", "/shop-campaigns/{campaign_id}/resume", None),
    ("POST", "/shop-campaigns/{campaign_id}/end", None),
    ("POST", "/shops/{shop_id}/products", PRODUCT),
    ("PUT", "/products/{product_id}", PRODUCT),
    ("POST", "/products/{product_id}/publish", None),
    ("POST", "/products/{product_id}/unpublish", None),
    ("POST", "/products/{product_id}/archive", None),
    ("PUT", "/variants/{variant_id}/stock", {"on_hand": 0}),
    ("PUT", "/products/{product_id}/terms", {"way": "keys"}),
    ("GET", "/products/{product_id}/terms", None),
    ("POST", "/products/{product_id}/file", Upload(b"Mine now.")),
    ("GET", "/products/{product_id}/file", None),
    ("POST", "/variants/{variant_id}/keys", {"keys": ["MINE-1"]}),
    ("GET", "/variants/{variant_id}/keys", None),
    ("POST", "/shops/{shop_id}/voucher-scans", {"code": VOUCHER}),
    ("DELETE", "/listings/{listing_id}", None),
    ("PUT", "/posts/{post_id}/alts", {"alts": ["mine"]}),
    ("PUT", "/posts/{post_id}", {"title": "mine"}),
    ("DELETE", "/posts/{post_id}", None),
    ("DELETE", "/comments/{comment_id}", None),
    ("GET", "/chat/rooms/{room_id}/messages", None),
    ("PUT", "/chat/rooms/{room_id}/read", {"seq": 1}),
    ("PUT", "/chat/rooms/{room_id}/accept", None),
    ("PUT", "/chat/rooms/{room_id}/decline", None),
    ("POST", "/chat/rooms/{room_id}/messages", {"body": "Me too"}),
    ("GET", "/packets/{packet_code}", None),
    ("POST", "/packets/{packet_code}/open", {}),
    ("GET", "/links/{code}/tree", None),
    ("DELETE", "/links/{code}", None),
    ("GET", "/checkouts/{checkout_id}", None),
    ("POST", "/checkouts/{checkout_id}/cancel", None),
    ("POST", "/checkouts/{checkout_id}/payment", None),
    ("GET", "/checkouts/{checkout_id}/payment", None),
    ("GET", "/shops/{shop_id}/orders", None),
    ("GET", "/orders/{order_id}", None),
    ("POST", "/orders/{order_id}/ship", {"carrier": "Mine"}),
    ("GET", "/orders/{order_id}/changes", None),
    ("POST", "/orders/{order_id}/changes/preview", NEW_STREET),
    ("POST", "/orders/{order_id}/changes", NEW_STREET | {"fingerprint": "0" * 64}),
    ("GET", "/orders/{order_id}/handed-over", None),
    ("PUT", "/orders/{order_id}/fapiao", FAPIAO),
    ("GET", "/orders/{order_id}/fapiao", None),
    ("GET", "/shops/{shop_id}/fapiao", None),
    ("POST", "/orders/{order_id}/fapiao/issue", {"number": "24332000", "file": "JVBERi0="}),
    ("POST", "/orders/{order_id}/fapiao/refuse", {"reason": "mine"}),
    ("POST", "/orders/{order_id}/fapiao/withdraw", None),
    ("GET", "/orders/{order_id}/fapiao/file", None),
    ("POST", "/orders/{order_id}/receipt", None),
    ("POST", "/orders/{order_id}/refund-requests", {"reason": "mine", "amount": MONEY}),
    ("POST", "/orders/{order_id}/refunds", {"reason": "mine", "amount": MONEY}),
    ("GET", "/refunds/{refund_id}", None),
    ("POST", "/refunds/{refund_id}/grant", {"reason": "mine"}),
    ("POST", "/refunds/{refund_id}/decline", {"reason": "mine"}),
    ("POST", "/refunds/{refund_id}/destination", {"destination": "my account"}),
    ("GET", "/commissions/{commission_id}", None),
    ("POST", "/orders/{order_id}/cancel", {"reason": "mine"}),
    ("GET", "/orders/{order_id}/documents", None),
    ("POST", "/orders/{order_id}/documents", {"kind": "receipt"}),
    ("GET", "/documents/{document_id}/file", None),
    ("POST", "/orders/{order_id}/returns", ASKED_BACK),
    ("GET", "/shops/{shop_id}/returns", None),
    ("GET", "/returns/{return_id}", None),
    ("POST", "/returns/{return_id}/offer-money", None),
    ("POST", "/returns/{return_id}/approve", {"address": "Warehouse 7"}),
    ("POST", "/returns/{return_id}/sent", {"carrier": "Mine"}),
    ("POST", "/returns/{return_id}/received", None),
    ("POST", "/returns/{return_id}/settle", FOUND),
    ("POST", "/returns/{return_id}/refuse", {"reason": "mine"}),
    ("POST", "/returns/{return_id}/withdraw", None),
    ("GET", ZONES, None),
    ("POST", ZONES, {"name": "Mine too", "places": ["FR"]}),
    ("PUT", f"{ZONES}/{{zone_id}}", {"name": "Mine", "places": ["*"]}),
    ("POST", f"{ZONES}/{{zone_id}}/methods", WAY),
    ("PUT", f"{ZONES}/{{zone_id}}/methods/{{method_id}}", WAY),
    ("DELETE", "/shops/{shop_id}/shipping-methods/{method_id}", None),
    ("DELETE", f"{ZONES}/{{zone_id}}", None),
    ("GET", TAXES, None),
    ("POST", TAXES, {"name": "Mine too", "places": ["FR"], "standard_rate": 0}),
    ("PUT", f"{TAXES}/{{zone_id}}", {"name": "Mine", "places": ["CN"], "standard_rate": 1}),
    ("DELETE", f"{TAXES}/{{zone_id}}", None),
    ("GET", LISTS, None),
    ("POST", LISTS, LIST | {"name": "Mine too"}),
    ("PUT", f"{LISTS}/{{list_id}}", LIST),
    ("GET", f"{LISTS}/{{list_id}}/prices", None),
    ("PUT", f"{LISTS}/{{list_id}}/prices", {"prices": []}),
    ("DELETE", f"{LISTS}/{{list_id}}", None),
]
# Those that name a shop and something in it: one's own shop is no door to another's things.
INSIDE = [row for row in OTHERS if row[1].startswith("/shops/") and row[1].count("{") > 1]
# Routes with an id that are for everybody, as the pages are: reading what is public, and acts
# whose effect is one's own (a like, a comment, a repin, a follow, an opening, one's own cart).
FOR_EVERYBODY = {
    ("POST", "/sign-in/{attempt}/resend"),
    ("POST", "/sign-in/{attempt}/confirm"),
    ("GET", "/people/{handle}"),
    ("GET", "/people/{handle}/posts"),
    ("PUT", "/people/{handle}/follow"),
    ("DELETE", "/people/{handle}/follow"),
    ("PUT", "/people/{handle}/follow/level"),
    ("DELETE", "/people/{handle}/follower"),
    ("PUT", "/people/{handle}/mute"),
    ("DELETE", "/people/{handle}/mute"),
    ("PUT", "/people/{handle}/block"),
    ("DELETE", "/people/{handle}/block"),
    ("PUT", "/me/requests/{handle}"),
    ("DELETE", "/me/requests/{handle}"),
    ("GET", "/shops/{shop_id}"),
    ("GET", "/shops/{shop_id}/products"),
    ("GET", "/categories/{category}/attributes"),
    ("GET", "/storefronts/{handle}"),
    ("PUT", "/me/notification-switches/{family}"),
    ("PUT", "/me/storefront/products/{product_id}"),
    ("PUT", "/me/storefront/pool/{item_id}"),
    ("GET", "/products/{product_id}"),
    ("GET", "/legal/{kind}"),
    ("GET", "/posts/{post_id}"),
    ("PUT", "/posts/{post_id}/like"),
    ("DELETE", "/posts/{post_id}/like"),
    ("POST", "/posts/{post_id}/repin"),
    ("GET", "/posts/{post_id}/history"),
    ("GET", "/posts/{post_id}/poll"),
    ("GET", "/posts/{post_id}/video"),
    ("PUT", "/posts/{post_id}/vote"),
    ("GET", "/posts/{post_id}/comments"),
    ("GET", "/posts/{post_id}/comments/{comment_id}/answers"),
    ("POST", "/posts/{post_id}/comments"),
    ("GET", "/topics/{slug}"),
    ("GET", "/topics/{slug}/posts"),
    ("PUT", "/topics/{slug}/follow"),
    ("DELETE", "/topics/{slug}/follow"),
    ("POST", "/chat/people/{handle}/messages"),
    ("POST", "/chat/shops/{shop_id}/messages"),
    ("GET", "/groups/{slug}"),
    ("PUT", "/groups/{slug}/membership"),
    ("DELETE", "/groups/{slug}/membership"),
    ("GET", "/groups/{slug}/members"),
    ("GET", "/groups/{slug}/offers"),
    ("POST", "/groups/{slug}/offers"),
    ("GET", "/campaigns/{code}"),
    ("POST", "/campaigns/{code}/plays"),
    ("GET", "/plays/{code}"),
    ("POST", "/plays/{code}/{verb}"),
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


def _body(world: World, body: Any) -> Any:
    """Return ``body`` with the ids of the world where it names lines."""
    if isinstance(body, Upload):
        return body
    text = json.dumps(body)
    for name in ("line_id", "returned_line_id", "variant_id"):
        text = text.replace(f"{{{name}}}", world.ids[name])
    return json.loads(text)


def test_burned_10_another_merchants_token_finds_nothing(
    world: World, subtests: pytest.Subtests
) -> None:
    thief = _merchant_of_another_shop()
    before = rows_of_all_tables()
    for method, path, body in OTHERS:
        with subtests.test(f"{method} {path}"):
            refused = thief.send(method, world.at(path), _body(world, body))
            assert problem(refused) == (404, "not_found")
            assert rows_of_all_tables() == before


def test_burned_10_ones_own_shop_is_no_door_to_anothers_things(
    world: World, subtests: pytest.Subtests
) -> None:
    thief = Program(make.member())
    own = {"shop_id": str(make.shop(thief.account).pk)}
    before = rows_of_all_tables()
    for method, path, body in INSIDE:
        with subtests.test(f"{method} {path}"):
            refused = thief.send(method, path.format(**world.ids_for(path) | own), body)
            assert problem(refused) == (404, "not_found")
            assert rows_of_all_tables() == before


def test_burned_10_a_guest_without_the_access_token_finds_nothing(
    world: World, subtests: pytest.Subtests
) -> None:
    before = rows_of_all_tables()
    for method, path, body in OTHERS:
        with subtests.test(f"{method} {path}"):
            refused = Program().send(method, world.at(path), _body(world, body))
            assert problem(refused) in {(404, "not_found"), (401, "login_required")}
            assert rows_of_all_tables() == before


def test_burned_10_one_guests_access_token_opens_no_other_purchase(world: World) -> None:
    mine = make.place((make.variant(), 1))
    token = {"Access-Token": mine.access_token}
    assert Program().get(f"/checkouts/{mine.pk}", **token)["number"] == mine.number
    for path in (
        "/checkouts/{checkout_id}",
        "/orders/{order_id}",
        "/orders/{order_id}/documents",
        "/documents/{document_id}/file",
        "/refunds/{refund_id}",
        "/returns/{return_id}",
    ):
        refused = Program().send("GET", world.at(path), headers=token)
        assert problem(refused) == (404, "not_found")


def test_burned_10_the_owners_of_things_do_find_them(world: World) -> None:
    """The table would prove nothing if its bodies were refused to everybody."""
    owner, buyer, sharer = (Program(one) for one in (world.owner, world.buyer, world.sharer))
    found = {
        (method, path): {
            who.send(method, world.at(path), _body(world, body)).status_code
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
            names = world.ids_for(place) | {"attempt": "x", "verb": "join"}
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
