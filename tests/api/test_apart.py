"""Whoever is apart from the reader keeps a place in the API's answers, and has no name there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from banyan.community import actions as community
from banyan.earnings.actions import set_plan
from banyan.earnings.models import Commission
from banyan.people import actions as people
from banyan.people.models import Account
from banyan.sharing.actions import share
from banyan.sharing.models import Link
from tests.api.client import Program
from tests.community.posts import post
from tests.support import factories as make

pytestmark = pytest.mark.django_db


class Chain:
    """``first`` shared a product with ``second``, who shared it with ``reader``."""

    def __init__(self) -> None:
        self.first, self.second, self.reader = (
            make.member(name) for name in ("qadira", "tjorven", "wystan")
        )
        self.item = make.variant()
        self.owner: Account = self.item.product.shop.owner
        set_plan(
            actor=make.actor(self.owner),
            shop_id=self.item.product.shop_id,
            rate_bps=1000,
            levels=2,
            direct_bps=7000,
        )
        root = self.shared(self.first, None)
        self.link = self.shared(self.second, root)

    def shared(self, sharer: Account, via: Link | None) -> Link:
        return share(
            actor=make.actor(sharer),
            target_kind="product",
            target_id=self.item.product_id,
            via=via,
        )

    def apart(self, one: Account, other: Account) -> None:
        people.block(actor=make.actor(one), account_id=other.pk)


def names(steps: list[Any]) -> list[str | None]:
    return [step["person"] and step["person"]["handle"] for step in steps]


def unnamed(account: Account, told: Any) -> bool:
    """Tell whether an answer says nothing by which ``account`` could be found."""
    text = json.dumps(told).lower()
    return account.handle not in text and str(account.pk) not in text


@pytest.mark.parametrize("blocker", ["reader", "sharer"])
def test_a_link_does_not_name_a_sharer_who_is_apart_from_its_reader(blocker: str) -> None:
    chain = Chain()
    reader, second, path = Program(chain.reader), chain.second, f"/links/{chain.link.code}"
    before = reader.get(path)
    assert names(before["sharers"]) == ["qadira", "tjorven"]
    assert before["owner_id"] == str(second.pk)
    assert before["disclosure"].startswith("Tjorven may earn")

    one, other = (chain.reader, second) if blocker == "reader" else (second, chain.reader)
    chain.apart(one, other)

    after = reader.get(path)
    assert names(after["sharers"]) == ["qadira", None]
    assert after["owner_id"] is None
    assert after["disclosure"].startswith("Whoever shared this may earn")
    assert unnamed(second, after)
    assert names(Program().get(path)["sharers"]) == ["qadira", "tjorven"], "others see everybody"


def test_an_order_names_whom_its_buyer_is_apart_from_to_the_shop_and_support_only() -> None:
    chain = Chain()
    bought = make.pay(make.place((chain.item, 1), buyer=chain.reader, via=chain.link.code))
    order = bought.orders.get()
    chain.apart(chain.first, chain.reader)
    chain.apart(chain.owner, chain.first)

    buyer, merchant = Program(chain.reader), Program(chain.owner)
    told = buyer.get(f"/orders/{order.pk}")
    assert names(told["lines"][0]["path"]) == [None, "tjorven"]
    assert unnamed(chain.first, told)
    assert unnamed(chain.first, buyer.get("/orders"))

    everybody = ["qadira", "tjorven"]
    [listed] = merchant.get(f"/shops/{order.shop_id}/orders")["items"]
    shipped = merchant.do("POST", f"/orders/{order.pk}/ship", {"carrier": "DHL"})
    supported = Program(make.staff("support")).get(f"/orders/{order.pk}")
    for each in (listed, shipped, supported):
        assert names(each["lines"][0]["path"]) == everybody
    assert unnamed(chain.first, buyer.do("POST", f"/orders/{order.pk}/receipt"))


def test_one_who_works_in_a_shop_and_buys_elsewhere_is_told_as_a_buyer_there() -> None:
    chain = Chain()
    make.shop(chain.reader)
    bought = make.pay(make.place((chain.item, 1), buyer=chain.reader, via=chain.link.code))
    chain.apart(chain.reader, chain.first)
    told = Program(chain.reader).get(f"/orders/{bought.orders.get().pk}")
    assert names(told["lines"][0]["path"]) == [None, "tjorven"]


def test_why_something_was_earned_does_not_name_who_is_apart_from_the_payee() -> None:
    chain = Chain()
    make.pay(make.place((chain.item, 1), via=chain.link.code))
    commission = Commission.objects.get(payee=chain.second)
    earner = Program(chain.second)
    path = f"/commissions/{commission.pk}"
    assert names(earner.get(path)["path"]) == ["qadira", "tjorven"]

    chain.apart(chain.first, chain.second)

    told = earner.get(path)
    assert names(told["path"]) == [None, "tjorven"]
    assert unnamed(chain.first, told)


def test_the_tree_of_ones_own_share_does_not_name_who_is_apart() -> None:
    chain = Chain()
    sharer, path = Program(chain.second), f"/links/{chain.link.code}/tree"
    assert names(sharer.get(path)["nodes"]) == ["qadira", "tjorven"]

    chain.apart(chain.second, chain.first)

    told = sharer.get(path)
    assert names(told["nodes"]) == [None, "tjorven"]
    assert unnamed(chain.first, told)


def test_who_took_a_comment_away_is_not_named_by_what_was_answered() -> None:
    shown, speaker = post(make.member()), make.member("qadira")
    said = community.comment(actor=make.actor(speaker), post_id=shown.pk, body="So it is.")
    community.comment(
        actor=make.actor(make.member()), post_id=shown.pk, body="Is it?", parent_id=said.pk
    )
    path = f"/posts/{shown.pk}/comments"
    assert Program().get(path)["items"][0]["author"]["handle"] == "qadira"

    community.delete_comment(actor=make.actor(speaker), comment_id=said.pk)

    [left] = Program().get(path)["items"]
    assert (left["author"], left["body"], left["answers"]) == (None, "", 1)
    assert unnamed(speaker, left)
