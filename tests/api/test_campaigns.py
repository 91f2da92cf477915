"""Programs set campaigns up and take part in them, as the pages do."""

from __future__ import annotations

import pytest

from banyan.campaigns.models import Instance, Participation
from tests.api.client import Program, problem
from tests.campaigns.scene import assert_sound, campaign, coupon, somebody
from tests.groups.circles import group
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def test_from_a_draft_to_an_opened_pack() -> None:
    shop = make.shop()
    owner, ana = Program(shop.owner), Program(somebody())
    body = {
        "mechanic": "coupon_pack",
        "title": "For friends",
        "starts_at": "2020-01-01T00:00:00Z",
        "ends_at": "2020-06-01T00:00:00Z",
        "plays": 10,
        "terms": {"coupon": str(coupon(shop).pk), "places": 2},
    }
    path = f"/shops/{shop.pk}/campaigns"
    made = owner.do("POST", path, body)
    assert (made["state"], made["worst_case"]["amount"], made["budget"]["amount"]) == (
        "draft",
        1_500,
        15_000,
    )
    assert problem(ana.send("GET", f"/campaigns/{made['code']}")) == (404, "not_found")
    act = f"/shop-campaigns/{made['id']}"
    assert problem(owner.send("POST", f"{act}/publish"))[0] == 422, "its end has passed"

    body |= {"ends_at": "2099-06-01T00:00:00Z"}
    assert problem(owner.send("POST", path, body))[0] == 422, "longer than a year"


def test_a_program_reads_what_terms_ask_for_and_sets_every_rule() -> None:
    shop = make.shop()
    owner, circle = Program(shop.owner), group(shop.owner)
    known = {one["code"]: one for one in Program().get("/mechanics")}
    asked = known["flash_sale"]["terms"]
    assert asked["required"] == ["variant"]
    assert asked["properties"]["price"]["minimum"] == 0
    assert asked["properties"]["variant"]["anyOf"][0]["type"] == "string", "ids are text"
    item = str(make.variant(shop, price=10_000).pk)
    body = {
        "mechanic": "coupon_pack",
        "title": "For the circle",
        "starts_at": "2020-01-01T00:00:00Z",
        "ends_at": "2020-06-01T00:00:00Z",
        "tier": "proven",
        "min_age": 18,
        "audience": "group",
        "audience_of": str(circle.pk),
        "landing": "right",
        "plays": 2,
        "terms": {
            "variant": item,
            "price": 8_000,
            "places": 2,
        },
    }
    made = owner.do("POST", f"/shops/{shop.pk}/campaigns", body)
    kept = [made[name] for name in ("landing", "tier", "min_age", "audience", "audience_of")]
    assert kept == ["right", "proven", 18, "group", str(circle.pk)]
    assert made["forgone"]["amount"] == 0, "it is the budget that bears it"
    likes = body | {"mechanic": "like_collection", "help_tier": "buyer"}
    likes["terms"] = {"variant": item, "price": 8_000}
    assert owner.do("POST", f"/shops/{shop.pk}/campaigns", likes)["help_tier"] == "buyer"
    wrong = body | {"audience": "ethnicity"}
    assert problem(owner.send("POST", f"/shops/{shop.pk}/campaigns", wrong))[0] == 422


def test_a_quote_names_a_price_of_ones_own_that_it_leaves_out() -> None:
    item, ana = make.variant(price=10_000), somebody()
    make.right(ana, item, 4_000, quantity=2, title="Bargain of bowls")
    lines = [{"variant_id": str(item.pk), "quantity": 3}]
    (line,) = Program(ana).do("POST", "/checkouts/quote", {"lines": lines})["lines"]
    left = line["left_out"]
    assert (left["title"], left["price"]["amount"], left["quantity"]) == (
        "Bargain of bowls",
        4_000,
        2,
    )
    lines[0]["quantity"] = 2
    (line,) = Program(ana).do("POST", "/checkouts/quote", {"lines": lines})["lines"]
    assert (line["left_out"], line["unit"]["amount"]) == (None, 4_000)


def test_members_begin_and_join_once_whatever_is_repeated() -> None:
    shop = make.shop()
    pack = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=3)
    owner, ana, ben = Program(shop.owner), Program(somebody()), Program(somebody())
    told = ana.get(f"/campaigns/{pack.code}")
    assert "Who runs this" in [part["title"] for part in told["rules"]]
    assert Program().get(f"/campaigns/{pack.code}")["title"] == pack.title

    begin = f"/campaigns/{pack.code}/plays"
    first = ana.send("POST", begin, {}, key="begin-0001")
    again = ana.send("POST", begin, {}, key="begin-0001")
    assert (first.status_code, first.content) == (201, again.content)
    play = Instance.objects.get()
    seen = ben.get(f"/plays/{play.code}")
    assert (seen["next"], seen["is_own"]) == (["join"], False)
    assert next(one for one in seen["blocks"] if one["kind"] == "progress")["whole"] == 3

    join = f"/plays/{play.code}/join"
    assert problem(ben.send("POST", join, {}, key=""))[1] == "idempotency_key_required"
    assert not ben.do("POST", join, {})["repeated"]
    assert ben.do("POST", join, {})["repeated"]
    assert Participation.objects.count() == 1
    assert problem(ana.send("POST", join, {})) == (409, "play_own")
    assert problem(ben.send("POST", f"/plays/{play.code}/expire", {}))[0] == 422
    assert problem(ben.send("POST", f"/plays/{play.code}/redeem", {})) == (409, "play_not_offered")

    (listed,) = owner.get(f"/shops/{shop.pk}/campaigns")["items"]
    assert listed["spent"]["amount"] + listed["reserved"]["amount"] == 2_000
    owner.do("POST", f"/shop-campaigns/{pack.pk}/pause")
    assert problem(Program(somebody()).send("POST", join, {})) == (409, "play_paused")
    owner.do("POST", f"/shop-campaigns/{pack.pk}/resume")
    assert owner.do("POST", f"/shop-campaigns/{pack.pk}/end")["state"] == "ended"
    assert problem(ben.send("POST", begin, {})) == (409, "play_over")
    assert_sound()
