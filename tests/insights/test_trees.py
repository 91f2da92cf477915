"""Everybody in a share's tree, and everybody behind the funnel, against counts by hand."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from banyan.insights.queries import STEPS, funnel_of, people_of, share_tree
from banyan.insights.rules import CascadeShapeError, measure, measure_with_leaves
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from banyan.sharing.queries import Scope
from banyan.web.shop.sharing import travelled as drawing
from tests.support import factories as make


def test_leaves_by_number_measure_like_leaves_by_name() -> None:
    for seed in range(60):
        chance = random.Random(seed)
        size = chance.randint(1, 12)
        parents: dict[str, str | None] = {"0": None}
        for n in range(1, size):
            parents[str(n)] = chance.choice(list(parents))
        leaves = {node: chance.choice([0, 0, 1, 5]) for node in parents}
        whole = dict(parents)
        for node, count in leaves.items():
            whole |= {f"{node}/{n}": node for n in range(count)}
        assert measure_with_leaves(parents, leaves) == measure(whole)
    with pytest.raises(CascadeShapeError):
        measure_with_leaves({"a": None, "b": None}, {})


def share(owner: Account, product_id: int, via: Link | None = None) -> Link:
    return sharing.share(
        actor=make.actor(owner), target_kind="product", target_id=product_id, via=via
    )


def visit(link: Link, visitor: str) -> None:
    guest = Actor.guest(visitor)
    touch = sharing.record_touch(actor=guest, link=link)
    sharing.confirm_touch(actor=guest, touch_id=touch.pk)


@pytest.mark.django_db
def test_a_person_is_one_node_and_a_sharer_stands_where_they_shared() -> None:
    item = make.variant()
    ana, ben, cy = make.member("ana"), make.member("ben"), make.member("cy")
    first = share(ana, item.product_id)
    sharing.record_touch(actor=make.actor(ben), link=first)
    second = share(ben, item.product_id, via=first)
    visit(first, "v1")
    visit(second, "v1")
    visit(second, "v2")
    make.pay(make.place((item, 1), buyer=cy, via=second.code))
    make.place((item, 1), via=second.code)

    tree = share_tree(first)

    assert [(s.node.handle, s.came, s.orders, s.paid) for s in tree.sharers] == [
        ("ana", 2, 0, 0),
        ("ben", 3, 2, 1),
    ]
    assert [(g.bought, g.ordered) for g in tree.guests] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]
    assert tree.shape.depth_histogram == (1, 2, 3)
    assert not any("v1" in guest.key for guest in tree.guests)
    below = share_tree(second, whole=False)
    assert (below.people, below.shape.depth) == (5, 1)
    assert [s.node.handle for s in below.sharers] == ["ben"]


@pytest.mark.django_db
def test_each_step_of_the_funnel_has_as_many_rows_as_it_counts() -> None:
    item = make.variant()
    link = share(make.member(), item.product_id)
    sharing.record_exposures(actor=Actor.system("t"), links=[link.pk], visitor="shown")
    sharing.record_touch(actor=Actor.guest("opened"), link=link)
    visit(link, "visited")
    sharing.record_touch(actor=Actor.guest("bot"), link=link, verdict="bot")
    make.place((item, 1), via=link.code)
    make.pay(make.place((item, 1), buyer=make.member(), via=link.code))
    shop_id = item.product.shop_id
    scope, start = Scope.shop(shop_id), clock.now() - dt.timedelta(days=30)

    counts = funnel_of(scope, shop_id, start=start)

    assert counts == {"shown": 5, "opened": 4, "visited": 3, "ordered": 2, "paid": 1}
    for step in STEPS:
        assert len(people_of(scope, shop_id, start=start, step=step)) == counts[step]


@pytest.mark.django_db
def test_a_crowd_is_folded_and_nobody_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MOST_DOTS", 10)
    monkeypatch.setattr(drawing, "MOST_SHARERS", 3)
    item = make.variant()
    first = share(make.member(), item.product_id)
    for n in range(6):
        child = share(make.member(), item.product_id, via=first)
        for v in range(3):
            visit(child, f"{n}-{v}")

    told = drawing.travelled(first, viewer=Actor.system("test"))

    drawn = [node for node in told.nodes if node.kind != "more"]
    assert told.shape.size == 1 + 6 + 18
    assert len(drawn) + told.folded == told.shape.size
    assert len(drawn) <= 13
    assert len(told.rows) == 7
