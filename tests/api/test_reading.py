"""Lists and what stands in them: pages by cursor, and as many statements for one row as for 50."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from banyan.community import actions as community
from banyan.community.models import Post
from banyan.media.actions import claim_staged
from banyan.people.models import Account
from tests.api.client import Program, problem
from tests.support import factories as make
from tests.support.pictures import staged_picture

pytestmark = pytest.mark.django_db
SIZES = (1, 10, 50)


def _statements(read: Callable[[], Any]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        read()
    return len(caught)


def _posts(author: Account, n: int) -> list[Post]:
    who = make.actor(author)
    product = make.product()
    token = staged_picture(who)
    posts = []
    for number in range(n):
        with transaction.atomic():
            posts.append(
                community.publish_post(
                    actor=who,
                    images=claim_staged(actor=who, tokens=[token]),
                    title=f"Post {number}",
                    tags=[community.Tag(0, product.pk, 1, 1)],
                )
            )
    return posts


def test_an_order_costs_the_same_for_one_line_and_for_fifty() -> None:
    shop, buyer = make.shop(), make.member()
    reader = Program(buyer)
    reader.get("/me")
    costs = []
    for size in SIZES:
        items = [(make.variant(shop), 1) for _n in range(size)]
        order = make.pay(make.place(*items, buyer=buyer)).orders.get()
        costs.append(_statements(lambda o=order: reader.get(f"/orders/{o.pk}")))  # type: ignore[misc]
    assert len(set(costs)) == 1, costs
    assert costs[0] <= 8


def test_lists_cost_the_same_for_one_row_and_for_fifty() -> None:
    author = make.member()
    reader = Program(author)
    reader.get("/me")
    costs: dict[str, list[int]] = {"/feed": [], "/explore": []}
    made = 0
    for size in SIZES:
        _posts(author, size - made)
        made = size
        for path, found in costs.items():
            assert len(reader.get(f"{path}?limit=50")["items"]) == size
            found.append(_statements(lambda p=path: reader.get(f"{p}?limit=50")))  # type: ignore[misc]
    for path, found in costs.items():
        assert len(set(found)) == 1, (path, found)
        assert found[0] <= 14, path


def test_orders_and_products_of_a_shop_cost_the_same_for_any_number() -> None:
    shop = make.shop()
    merchant = Program(shop.owner)
    item = make.variant(shop, stock=1000)
    merchant.get("/me")
    costs: dict[str, list[int]] = {"orders": [], "products": []}
    for size in (1, 10):
        while shop.orders.count() < size:
            make.pay(make.place((item, 1)))
        while shop.products.count() < size:
            make.product(shop)
        for kind, found in costs.items():
            path = f"/shops/{shop.pk}/{kind}?limit=50"
            assert len(merchant.get(path)["items"]) == size
            found.append(_statements(lambda p=path: merchant.get(p)))  # type: ignore[misc]
    assert all(len(set(found)) == 1 for found in costs.values()), costs


def test_a_quote_costs_the_same_for_one_line_and_for_fifty() -> None:
    shop, guest = make.shop(), Program()
    costs = []
    for size in SIZES:
        lines = [{"variant_id": str(make.variant(shop).pk)} for _n in range(size)]
        body = {"lines": lines}
        costs.append(
            _statements(lambda b=body: guest.do("POST", "/checkouts/quote", b))  # type: ignore[misc]
        )
    assert len(set(costs)) == 1, costs


def test_pages_follow_on_while_rows_come_in() -> None:
    author = make.member()
    posts = [str(post.pk) for post in reversed(_posts(author, 5))]
    reader = Program()
    first = reader.get("/explore?limit=2")
    assert [one["id"] for one in first["items"]] == posts[:2]
    _posts(author, 1)
    second = reader.get(f"/explore?limit=2&before={first['next']}")
    third = reader.get(f"/explore?limit=2&before={second['next']}")
    assert [one["id"] for one in second["items"] + third["items"]] == posts[2:]
    assert third["next"] is None
    assert problem(reader.send("GET", "/explore?limit=51"))[0] == 422


def test_a_post_is_liked_commented_and_shown_on() -> None:
    ana, ben = Program(make.member("ana")), Program(make.member("ben"))
    assert ana.account is not None
    [post] = _posts(ana.account, 1)
    assert ben.do("PUT", f"/posts/{post.pk}/like")["likes"] == 1
    assert ben.do("PUT", f"/posts/{post.pk}/like")["liked"] is True
    said = ben.do("POST", f"/posts/{post.pk}/comments", {"body": "Lovely"})
    ana.do("POST", f"/posts/{post.pk}/comments", {"body": "Thanks", "parent_id": said["id"]})
    [thread] = ana.get(f"/posts/{post.pk}/comments")["items"]
    assert ([one["body"] for one in thread["replies"]], thread["answers"]) == (["Thanks"], 1)
    answers = ana.get(f"/posts/{post.pk}/comments/{said['id']}/answers")
    assert ([one["body"] for one in answers["items"]], answers["next"]) == (["Thanks"], None)

    shown = ben.do("POST", f"/posts/{post.pk}/repin", {"note": "Look"})
    assert (shown["repin_of"], shown["original_author"]["handle"]) == (str(post.pk), "ana")
    assert shown["note"] == "Look"
    tree = ana.get(f"/links/{post.link.code}/tree") if post.link else {"nodes": []}
    assert [one["person"]["handle"] for one in tree["nodes"]] == ["ana", "ben"]

    cy = Program(make.member("cy"))
    assert cy.get("/feed")["items"] == []
    assert cy.do("PUT", "/people/ben/follow")["is_following"] is True
    assert [one["id"] for one in cy.get("/feed")["items"]] == [shown["id"]]
    cy.do("DELETE", "/people/ben/follow")
    ana.do("DELETE", f"/comments/{thread['id']}")
    ana.do("DELETE", f"/posts/{post.pk}")
    assert problem(ben.send("GET", f"/posts/{post.pk}")) == (404, "not_found")


def test_a_child_link_keeps_the_chain_and_a_withdrawn_one_is_gone() -> None:
    ana, ben = Program(make.member("ana")), Program(make.member("ben"))
    target = {"kind": "product", "id": str(make.product().pk)}
    first = ana.do("POST", "/links", {"target": target})
    child = ben.do("POST", "/links", {"target": target, "via": first["code"]})
    assert (child["parent_id"], child["depth"]) == (first["id"], 1)
    opened = Program().get(f"/links/{child['code']}")
    assert [one["person"]["handle"] for one in opened["sharers"]] == ["ana", "ben"]
    assert [one["code"] for one in ana.get("/links")["items"]] == [first["code"]]
    ana.do("DELETE", f"/links/{first['code']}")
    assert problem(Program().send("GET", f"/links/{first['code']}")) == (404, "not_found")
    assert Program().get(f"/links/{child['code']}")["code"] == child["code"]


def test_a_cart_holds_exactly_what_was_put() -> None:
    item, guest = make.variant(stock=5), Program()
    cart = guest.do("PUT", f"/cart/lines/{item.pk}", {"quantity": 2})
    token = {"Cart-Token": cart["token"]}
    changed = guest.do("PUT", f"/cart/lines/{item.pk}", {"quantity": 7}, **token)
    assert [(one["quantity"], one["problem"]) for one in changed["lines"]] == [(7, "short")]
    assert guest.do("DELETE", f"/cart/lines/{item.pk}", **token)["lines"] == []
    assert Program().get("/cart") == {"token": None, "lines": []}
    assert problem(guest.send("PUT", "/cart/lines/1", {"quantity": 1})) == (404, "not_found")
