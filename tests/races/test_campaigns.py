"""Campaigns under fire: real threads, real commits; each race has its negative control."""

from __future__ import annotations

import itertools

import pytest

from banyan.campaigns.actions import playing
from banyan.campaigns.models import Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.entitlements.models import Grant as CouponGrant
from tests.campaigns.scene import assert_sound, begun, campaign, coupon, crowd, join, somebody
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import meet, no_locks, without_check

pytestmark = pytest.mark.usefixtures("threaded_db")


def _pack(places: int = 3) -> Instance:
    shop = make.shop()
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=places, sender=-1)
    return begun(of, somebody())


# -- the last place -------------------------------------------------------------------------------


def test_m01_concurrent_last_slot() -> None:
    pack, people = _pack(3), crowd(9)
    found = run_at_once(*(lambda who=who: join(pack, who) for who in people))
    assert sum(isinstance(one, playing.Played) for one in found) == 3, kinds(found)
    assert all(isinstance(one, playing.Played | Refused) for one in found), kinds(found)
    assert CouponGrant.objects.count() == 3
    assert Participation.objects.count() == 3
    pack.refresh_from_db()
    assert (pack.taken, pack.state) == (3, "drained")
    assert_sound()


def test_control_without_the_condition_a_pack_gives_more_than_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pack, people = _pack(2), crowd(4)
    no_locks(monkeypatch)

    numbers = itertools.count(1)

    def read_then_write(instance: Instance) -> int:
        free = Instance.objects.get(pk=instance.pk)
        if free.taken >= free.cap:
            raise Refused("drained")
        return next(numbers)

    monkeypatch.setattr(playing, "_take_place", read_then_write)
    meet(monkeypatch, playing, "_take_place", len(people))
    with without_check("campaigns_instance", "instance_promise"):
        found = run_at_once(*(lambda who=who: join(pack, who) for who in people))
    assert sum(isinstance(one, playing.Played) for one in found) == 4 > pack.cap, kinds(found)


# -- once per person ------------------------------------------------------------------------------


def test_ten_taps_of_one_person_are_one_coupon() -> None:
    pack, ben = _pack(5), somebody()
    found = run_concurrently(lambda: join(pack, ben), 10)
    assert all(isinstance(one, playing.Played | Refused) for one in found), kinds(found)
    assert CouponGrant.objects.filter(account=ben).count() == 1
    pack.refresh_from_db()
    assert pack.taken == 1
    assert_sound()


def test_beginning_twice_at_once_begins_once() -> None:
    shop, ben = make.shop(), somebody()
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, packs=1, budget=6_000)
    found = run_concurrently(lambda: begun(of, ben), 6)
    assert {one.pk for one in found if isinstance(one, Instance)} == set(
        Instance.objects.values_list("pk", flat=True)
    ), kinds(found)
    assert Instance.objects.count() == 1
    assert_sound()


def test_the_budget_is_promised_no_more_often_than_it_covers() -> None:
    shop, people = make.shop(), crowd(8)
    # one pack promises 1,500: three openers, 5.00 each
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=3, sender=-1, budget=4_600)
    found = run_at_once(*(lambda who=who: begun(of, who) for who in people))
    assert sum(isinstance(one, Instance) for one in found) == 3, kinds(found)
    of.refresh_from_db()
    assert of.reserved == 4_500
    assert_sound()
