"""Campaigns under fire: real threads, real commits; each race has its negative control."""

from __future__ import annotations

import itertools

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import applying, playing
from banyan.campaigns.mechanics.instant_draw import InstantDraw
from banyan.campaigns.models import Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.campaigns.proof import campaign_audit
from banyan.entitlements.models import Grant as CouponGrant
from banyan.people.models import Account
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


# -- the wheel ------------------------------------------------------------------------------------


def _turn(who: Account, play: Instance) -> str:
    campaigns.play(actor=make.actor(who), code=play.code, verb="redeem")
    return play.code


def test_f10_prize_stock_a_hundred_turns_one_winner() -> None:
    shop, people = make.shop(), crowd(10)
    of = campaign(shop, "instant_draw", prize=coupon(shop).pk, nothing=0, base=10)
    plays = [(who, begun(of, who)) for who in people]
    run_at_once(
        *(lambda who=who, play=play: [_turn(who, play) for _n in range(10)] for who, play in plays)
    )
    of.refresh_from_db()
    assert of.public["turns"] == 100
    assert CouponGrant.objects.count() == 1
    assert_sound()


def test_control_without_the_condition_one_prize_is_given_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, people = make.shop(), crowd(2)
    of = campaign(shop, "instant_draw", prize=coupon(shop).pk, nothing=0)
    plays = [(who, begun(of, who)) for who in people]
    monkeypatch.setattr(applying, "_take_prize", lambda campaign_id, prize: True)
    run_at_once(*(lambda who=who, play=play: _turn(who, play) for who, play in plays))
    assert CouponGrant.objects.count() == 2 > 1
    assert campaign_audit().keys() == {"what is gone of a prize was given"}


def _twenty(monkeypatch: pytest.MonkeyPatch | None = None) -> int:
    shop, ana = make.shop(), somebody()
    of = campaign(shop, "instant_draw", prize=coupon(shop).pk, base=3)
    play = begun(of, ana)
    if monkeypatch is not None:
        no_locks(monkeypatch)
        meet(monkeypatch, InstantDraw, "chances", 20)
    found = run_concurrently(lambda: _turn(ana, play), 20)
    assert all(one == play.code or isinstance(one, Refused) for one in found), kinds(found)
    of.refresh_from_db()
    return int(of.public["turns"])


def test_f19_points_below_zero_twenty_turns_with_chances_for_three() -> None:
    assert _twenty() == 3
    assert_sound()


def test_control_without_the_lock_more_are_turned_than_there_are_chances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _twenty(monkeypatch) > 3
