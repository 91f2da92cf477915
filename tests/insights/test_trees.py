"""Everybody in a share's tree, and everybody behind the funnel, against counts by hand."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from banyan.community.actions import Tag
from banyan.insights.queries import STEPS, funnel_of, journey_of, people_of, share_tree
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.people.models import Account
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from banyan.sharing.queries import Scope
from banyan.web.shop.sharing import travelled as drawing
from tests.community.posts import post
from tests.support import factories as make


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
def test_who_ordered_came_though_no_opening_was_recorded() -> None:
    item = make.variant()
    first = share(make.member("ana"), item.product_id)
    second = share(make.member("ben"), item.product_id, via=first)
    cy = make.member("cy")
    make.pay(make.place((item, 1), buyer=cy, via=second.code))
    make.place((item, 1), via=second.code)
    sharing.record_touch(actor=Actor.guest("unproven"), link=second)
    visit(second, "v1")

    journey, tree = journey_of(first), share_tree(first)

    assert journey.shape == tree.shape
    assert journey.shape.depth_histogram == (1, 1, 3)
    assert journey.members[f"a{cy.pk}"].link == second.pk
    assert journey.bought == {f"a{cy.pk}"}
    assert sorted((g.bought, g.ordered) for g in tree.guests) == [
        (False, False),
        (False, True),
        (True, False),
    ]
    assert [len(journey.visits), len(journey.repeats), len(journey.unproven)] == [1, 0, 1]


@pytest.mark.django_db
def test_a_shop_reads_of_its_own_orders_alone() -> None:
    ours, theirs = make.variant(), make.variant()
    author = make.member()
    tags = [Tag(0, item.product_id, 500, 500) for item in (ours, theirs)]
    link = post(author, tags=tags).link
    assert link is not None
    for item in (ours, theirs):
        make.pay(make.place((item, 1), buyer=make.member(), via=link.code))
    shop_id = ours.product.shop_id

    tree, journey = share_tree(link, shop_id=shop_id), journey_of(link, shop_id=shop_id)

    assert [sharer.paid for sharer in tree.sharers] == [1]
    assert tree.shape == journey.shape
    assert tree.shape.size == 2
    assert len(journey.orders) == len(journey.sold) == 1
    assert share_tree(link).shape.size == journey_of(link).shape.size == 3


@pytest.mark.django_db
def test_a_visit_after_the_order_adds_nobody() -> None:
    item = make.variant()
    link, cy = share(make.member(), item.product_id), make.member()
    make.place((item, 1), buyer=cy, via=link.code)
    touch = sharing.record_touch(actor=make.actor(cy), link=link)
    sharing.confirm_touch(actor=make.actor(cy), touch_id=touch.pk)

    journey = journey_of(link)

    assert journey.shape.size == 2
    assert [each.touch_id for each in journey.repeats] == [touch.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_picture_and_journey_agree_whatever_happened(seed: int) -> None:
    chance = random.Random(seed)
    item = make.variant(stock=100)
    people = [make.member() for _ in range(6)]
    links = [share(people[0], item.product_id)]
    for _ in range(30):
        link, who = chance.choice(links), chance.choice(people)
        match chance.choice(["share", "visit", "open", "order", "order", "stranger"]):
            case "share":
                links.append(share(who, item.product_id, via=link))
            case "visit":
                touch = sharing.record_touch(actor=make.actor(who), link=link)
                sharing.confirm_touch(actor=make.actor(who), touch_id=touch.pk)
            case "open":
                sharing.record_touch(actor=make.actor(who), link=link)
            case "order":
                checkout = make.place((item, 1), buyer=who, via=link.code)
                if chance.random() < 0.5:
                    make.pay(checkout)
            case "stranger":
                visit(link, f"v{chance.randrange(5)}")

    for link in {link.pk: link for link in links}.values():
        journey, tree = journey_of(link), share_tree(link, whole=False)
        assert tree.shape == journey.shape
        owners = {f"a{node.owner_id}" for node in journey.nodes}
        assert tree.guests_in_all == len(journey.members.keys() - owners)
        assert sum(guest.bought for guest in tree.guests) == len(journey.bought - owners)


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
