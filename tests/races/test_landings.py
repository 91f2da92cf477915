"""Pots, likes that weigh nothing and coupons for later under fire: threads, commits, controls."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from banyan.campaigns.actions import playing
from banyan.campaigns.mechanics import bargain as bargains
from banyan.campaigns.models import Contribution, Instance
from banyan.entitlements.models import Coupon
from banyan.entitlements.models import Grant as CouponGrant
from tests.campaigns.plays import bargain, moves, rush
from tests.campaigns.scene import (
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    help_,
    join,
    somebody,
)
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once
from tests.support.weakened import meet, no_locks

pytestmark = pytest.mark.usefixtures("threaded_db")


def potted() -> Instance:
    """Return a bargain of equal cuts whose pot is for one new friend and a half."""
    return bargain(5, pot=900, bonus=600)


def bonus() -> int:
    """Return what was taken out of the pot, by what the friends did."""
    return sum(cut - 1_200 for cut in Contribution.objects.values_list("amount", flat=True))


def test_a_pot_is_given_once_whoever_comes_at_once() -> None:
    of = potted()
    assert len(rush(help_, of, crowd(8))) == 5
    assert (bonus(), of.public["pot"], of.amount) == (900, 0, 4_000 - 900)
    assert_sound()


def test_control_without_the_lock_a_pot_is_given_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    of, places = potted(), itertools.count(1)
    no_locks(monkeypatch)
    monkeypatch.setattr(playing, "_take_place", lambda *_asked: next(places))
    meet(monkeypatch, bargains, "is_new", 2)
    found = run_at_once(*(lambda who=who: help_(of, who) for who in crowd(2)))
    assert kinds(found).get("Played") == 2, kinds(found)
    assert bonus() == 1_200, "more than there was"


def test_a_group_for_later_gives_each_of_its_members_one_coupon() -> None:
    item = make.variant(price=10_000)
    terms: dict[str, Any] = {"variant": item.pk, "people": 4, "price": 7_000}
    group = begun(campaign(item.product.shop, "group_buy", landing="coupon", **terms), somebody())
    assert len(rush(join, group, crowd(7))) == 3
    assert (group.taken, group.state, moves(group)["completed"]) == (4, "completed", 1)
    assert CouponGrant.objects.values("account").distinct().count() == 4
    assert CouponGrant.objects.count() == 4
    assert (Coupon.objects.get().cap, Coupon.objects.get().taken) == (4, 4)
    assert_sound()


def test_likes_that_weigh_nothing_take_no_place_from_those_that_do() -> None:
    shop = make.shop()
    old, new = crowd(4), crowd(4)
    item = make.variant(shop, stock=9)
    for who in old:
        make.pay(make.place((item, 1), buyer=who))
    terms: dict[str, Any] = {"coupon": coupon(shop).pk, "likes": 5, "newcomers": True}
    of = begun(campaign(shop, "like_collection", **terms), somebody())
    assert len(rush(help_, of, [*old, *new])) == 8
    assert (of.taken, of.state) == (4, "collecting")
    assert Contribution.objects.filter(weight=0).count() == 4
    assert_sound()
