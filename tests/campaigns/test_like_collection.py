"""Mechanic 2.2: likes collected for a coupon."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.access import get_instance_for
from banyan.campaigns.blocks import Next
from banyan.campaigns.honour import blocks_of
from banyan.campaigns.models import Campaign, Contribution, Instance
from banyan.campaigns.problems import Refused
from banyan.campaigns.queries import MOST_SHOWN, shown
from banyan.catalog.models import Shop
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock
from banyan.kernel.problems import Invalid
from banyan.people.models import Account
from tests.campaigns.phones import Phone
from tests.campaigns.scene import (
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    help_,
    later,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db


SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def likes(shop: Shop, **values: Any) -> Campaign:
    values = {"coupon": coupon(shop, title="first").pk, "likes": 2} | values
    return campaign(shop, "like_collection", **values)


def stepped(shop: Shop) -> Campaign:
    second = coupon(shop, title="second", amount_off=2_000)
    return likes(shop, likes_2=4, coupon_2=second.pk)


def act(instance: Instance, who: Account, verb: str) -> Any:
    return campaigns.play(actor=make.actor(who), code=instance.code, verb=verb)


def held(who: Account) -> list[str]:
    return list(CouponGrant.objects.filter(account=who).values_list("coupon__title", flat=True))


def test_what_was_reached_is_taken_while_the_campaign_is_paused(shop: Shop) -> None:
    """Its time runs on meanwhile: a pause must not be the end of a promise."""
    of, ana, owner = likes(shop), somebody(), make.actor(shop.owner)
    collection = begun(of, ana)
    liker, second = crowd(2)
    help_(collection, liker)
    help_(collection, second)
    campaigns.pause_campaign(actor=owner, campaign_id=of.pk)
    with pytest.raises(Refused, match="play_paused"):
        begun(of, somebody())

    act(collection, ana, "redeem")

    collection.refresh_from_db()
    assert (collection.state, held(ana)) == ("redeemed", ["first"])
    assert_sound()


def test_a_like_is_taken_back_while_the_campaign_is_paused(shop: Shop) -> None:
    of, liker = likes(shop), somebody()
    collection = begun(of, somebody())
    help_(collection, liker)
    campaigns.pause_campaign(actor=make.actor(shop.owner), campaign_id=of.pk)
    with pytest.raises(Refused, match="play_paused"):
        help_(collection, somebody())

    act(collection, liker, "withdraw")

    collection.refresh_from_db()
    assert collection.taken == 0
    assert_sound()


def test_an_early_liker_of_very_many_can_take_theirs_back(shop: Shop) -> None:
    collection = begun(likes(shop, likes=MOST_SHOWN + 9), somebody())
    people = crowd(MOST_SHOWN + 1)
    for who in people:
        help_(collection, who)
    for who in (people[0], people[-1]):
        actor = make.actor(who)
        seen = blocks_of(shown(actor, get_instance_for(actor, collection.code)))
        assert [one.verb for one in seen if isinstance(one, Next)] == ["withdraw"]


def test_enough_likes_bring_the_coupon_once(shop: Shop) -> None:
    ana = somebody()
    play = begun(likes(shop), ana)
    for who in crowd(2):
        help_(play, who)
    act(play, ana, "redeem")
    assert held(ana) == ["first"]
    with pytest.raises(Refused):
        act(play, ana, "redeem")
    assert held(ana) == ["first"]
    assert_sound()


def test_m02_partial_fill(shop: Shop) -> None:
    ana = somebody()
    play = begun(stepped(shop), ana)
    for who in crowd(3):
        help_(play, who)
    act(play, ana, "redeem")
    assert held(ana) == ["first"], "the lower step is given"
    assert_sound()


def test_m02_expiry(shop: Shop) -> None:
    few, reached = begun(likes(shop), somebody()), begun(stepped(shop), ana := somebody())
    help_(few, somebody())
    for who in crowd(2):
        help_(reached, who)
    later(few)
    later(reached)
    assert (few.state, reached.state) == ("void", "reached")
    assert reached.ended_at is None
    act(reached, ana, "redeem")
    assert held(ana) == ["first"]
    assert_sound()


def test_a_like_is_taken_back_until_something_hangs_on_it(shop: Shop) -> None:
    play, (ben, cy) = begun(likes(shop), somebody()), crowd(2)
    help_(play, ben)
    act(play, ben, "withdraw")
    play.refresh_from_db()
    assert play.taken == 0
    help_(play, ben)
    help_(play, cy)
    with pytest.raises(Refused):
        act(play, ben, "withdraw")
    play.refresh_from_db()
    assert (play.taken, play.state) == (2, "reached")
    assert_sound()


def test_m02_self_assist(shop: Shop) -> None:
    ana = somebody()
    play = begun(likes(shop), ana)
    with pytest.raises(Refused, match="play_own"):
        help_(play, ana)
    assert_sound()


def test_nobody_else_takes_the_coupon(shop: Shop) -> None:
    play = begun(likes(shop), somebody())
    friends = crowd(2)
    for who in friends:
        help_(play, who)
    with pytest.raises(Refused, match="play_not_yours"):
        act(play, friends[0], "redeem")
    assert not CouponGrant.objects.exists()


@pytest.mark.parametrize(
    "values", [{"likes": 0}, {"likes_2": 4}, {"likes_2": 1, "coupon_2": -1}, {"likes_3": 9}]
)
def test_steps_that_do_not_rise_are_refused(shop: Shop, values: dict[str, Any]) -> None:
    if values.get("coupon_2"):
        values = values | {"coupon_2": coupon(shop).pk}
    with pytest.raises(Invalid):
        likes(shop, **values)
    assert not Campaign.objects.exists()


def test_m02_new_user_only_breach(shop: Shop) -> None:
    ana, ben, cy = crowd(3)
    make.pay(make.place((make.variant(shop), 1), buyer=ben))
    play = begun(likes(shop, likes=1, newcomers=True), ana)
    help_(play, ben)
    play.refresh_from_db()
    assert (play.taken, play.state) == (0, "collecting"), (
        "the like of who is not new weighs nothing"
    )
    assert Contribution.objects.get().weight == 0
    with pytest.raises(Refused, match="play_twice"):
        help_(play, ben)
    assert "does not count" in Phone(ben).look(f"/play/{play.code}")
    rules = Phone(ben).look(f"/campaign/{play.campaign.code}/rules")
    assert "Only likes of friends who have not bought anything here yet count." in rules
    assert_sound()
    help_(play, cy)
    play.refresh_from_db()
    assert (play.taken, play.state) == (1, "reached")
    assert_sound()


def test_of_a_burst_only_so_many_likes_count_as_the_terms_say(shop: Shop) -> None:
    play = begun(likes(shop, likes=4, per_minute=2), somebody())
    now, people = clock.now(), crowd(5)
    for n, who in enumerate(people[:4]):
        with clock.at(now + n * SECOND):
            help_(play, who)
    play.refresh_from_db()
    assert (play.taken, play.state) == (2, "collecting"), "four came, two count"
    weights = Contribution.objects.order_by("id").values_list("weight", flat=True)
    assert [*weights] == [1, 1, 0, 0]
    with clock.at(now + 5 * SECOND):
        told = "Within a minute 2 likes count, and no more."
        assert told in Phone(people[3]).look(f"/play/{play.code}")
        assert told in Phone(people[4]).look(f"/campaign/{play.campaign.code}/rules")
        with pytest.raises(Refused, match="play_twice"):
            help_(play, people[3])
    with clock.at(now + 60 * SECOND):
        help_(play, people[4])
    play.refresh_from_db()
    assert play.taken == 3, "the first one is a minute ago"
    assert_sound()


def test_a_like_that_weighs_nothing_is_taken_back_without_a_place(shop: Shop) -> None:
    ana, ben = crowd(2)
    make.pay(make.place((make.variant(shop), 1), buyer=ben))
    play = begun(likes(shop, newcomers=True), ana)
    help_(play, ben)
    act(play, ben, "withdraw")
    play.refresh_from_db()
    assert play.taken == 0
    assert_sound()
