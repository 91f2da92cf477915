"""Mechanic 2.3: a draw with help, drawn at the end."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from django.core.cache import cache

from banyan.campaigns import actions as campaigns
from banyan.campaigns import verifier
from banyan.campaigns.models import Campaign, Instance
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Shop
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.people.models import Account
from tests.campaigns.scene import (
    DAY,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    help_,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def draws(shop: Shop, **values: Any) -> Campaign:
    values = {"prize": coupon(shop, title="prize").pk, "count": 1, "helpers": 2} | values
    return campaign(shop, "assist_draw", **values)


def over(of: Campaign) -> Campaign:
    with clock.at(of.ends_at):
        campaigns.advance(actor=SYSTEM)
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    return of


def winners() -> set[int]:
    return set(CouponGrant.objects.values_list("account_id", flat=True))


def test_one_of_five_wins_and_anybody_can_check_it(shop: Shop) -> None:
    of, people = draws(shop), crowd(5)
    published = of.public["published"]
    entries = [begun(of, who) for who in people]
    for friend in crowd(2):
        help_(entries[0], friend)
    over(of)
    assert of.state == "settled"
    file = json.loads(of.public["proof"])
    assert all(verifier.verify(of.public["proof"]).values())
    assert file["published"]["seed"] == published["seed"], "fixed before anybody entered"
    weights = dict(of.public["entries"])
    assert weights[entries[0].code] == 3
    assert Counter(weights.values()) == {1: 4, 3: 1}
    (won,) = Instance.objects.filter(state="won")
    assert winners() == {won.owner_id}
    assert Instance.objects.filter(state="lost").count() == 4
    assert_sound()


def test_m03_expiry_freezes_at_the_end_instant(shop: Shop) -> None:
    of = draws(shop)
    entry = begun(of, somebody())
    with clock.at(of.ends_at), pytest.raises(Refused, match="play_over"):
        help_(entry, somebody())
    with clock.at(of.ends_at), pytest.raises(Refused, match="play_over"):
        begun(of, somebody())
    over(of)
    assert dict(of.public["entries"]) == {entry.code: 1}


def test_m03_partial_fill_gives_what_is_left_back(shop: Shop) -> None:
    of = draws(shop, count=3)
    begun(of, somebody())
    over(of)
    assert len(winners()) == 1
    assert (of.reserved, of.spent) == (0, 500)
    assert_sound()


def test_a_draw_that_is_drawn_again_changes_nothing(shop: Shop) -> None:
    of = draws(shop)
    for who in crowd(3):
        begun(of, who)
    over(of)
    before = of.public
    over(of)
    assert of.public == before
    assert len(winners()) == 1


def test_m03_self_assist(shop: Shop) -> None:
    of, (ana, again) = draws(shop), crowd(2)
    at_home = Actor(kind="member", id=ana.pk, visitor="one-browser")
    entry = campaigns.begin(actor=at_home, code=of.code)
    with pytest.raises(Refused, match="play_own"):
        help_(entry, ana)
    second = Actor(kind="member", id=again.pk, visitor="one-browser")
    with pytest.raises(Refused, match="play_twice"):
        campaigns.play(actor=second, code=entry.code, verb="help")
    with pytest.raises(Refused, match="play_twice"):
        campaigns.begin(actor=second, code=of.code)
    assert Instance.objects.count() == 1
    assert_sound()


def test_help_counts_up_to_the_cap(shop: Shop) -> None:
    of = draws(shop, helpers=2)
    entry = begun(of, somebody())
    for who in crowd(2):
        help_(entry, who)
    with pytest.raises(Refused, match="play_drained"):
        help_(entry, somebody())
    alone = begun(draws(shop, helpers=0), somebody())
    with pytest.raises(Refused, match="play_not_offered"):
        help_(alone, somebody())
    assert_sound()


def test_who_works_in_the_shop_takes_no_part(shop: Shop) -> None:
    with pytest.raises(Refused, match="play_staff"):
        begun(draws(shop), shop.owner)


def test_who_leaves_is_not_drawn(shop: Shop) -> None:
    of, (ana, ben) = draws(shop), crowd(2)
    left, stays = begun(of, ana), begun(of, ben)
    campaigns.play(actor=make.actor(ana), code=left.code, verb="withdraw")
    over(of)
    assert dict(of.public["entries"]) == {stays.code: 1}
    assert winners() == {ben.pk}
    assert_sound()


def test_a_draw_of_nobody_ends(shop: Shop) -> None:
    of = over(draws(shop))
    assert of.state == "settled"
    assert of.public["won"] == {}
    assert isinstance(of.creator, Account)


def test_f11_chance_cache(shop: Shop) -> None:
    of = draws(shop)
    entry = begun(of, somebody())
    help_(entry, somebody())
    cache.clear()
    over(of)
    assert dict(of.public["entries"]) == {entry.code: 2}, "a day later it still counts"


def test_a_draw_that_is_ended_early_waits_for_its_entries(shop: Shop) -> None:
    of = draws(shop)
    entry = begun(of, somebody())
    campaigns.end_campaign(actor=make.actor(shop.owner), campaign_id=of.pk)
    campaigns.advance(actor=SYSTEM)
    entry.refresh_from_db()
    assert (entry.state, winners()) == ("active", set())
    help_(entry, somebody())
    over(of)
    assert (of.state, len(winners())) == ("settled", 1)
    assert_sound()


def test_a_draw_that_nobody_looked_at_for_weeks_is_drawn(shop: Shop) -> None:
    of = draws(shop)
    begun(of, somebody())
    with clock.at(of.ends_at + 30 * DAY):
        campaigns.advance(actor=SYSTEM)
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    assert (of.state, len(winners())) == ("settled", 1)
    assert_sound()
