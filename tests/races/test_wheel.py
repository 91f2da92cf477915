"""The wheel under fire: real threads, real commits; each race has its negative control."""

from __future__ import annotations

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import giving
from banyan.campaigns.chance.instant import prize_counter
from banyan.campaigns.mechanics.instant_draw import InstantDraw
from banyan.campaigns.models import Instance
from banyan.campaigns.problems import Refused
from banyan.campaigns.proof import campaign_audit
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import counters
from banyan.kernel.models import BoundedCounter
from banyan.people.models import Account
from tests.campaigns.scene import assert_sound, begun, campaign, coupon, crowd, somebody
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import meet, no_locks, rendezvous

pytestmark = pytest.mark.usefixtures("threaded_db")


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


def test_f10_control_read_then_write_gives_one_prize_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, people = make.shop(), crowd(2)
    of = campaign(shop, "instant_draw", prize=coupon(shop).pk, nothing=0)
    plays = [(who, begun(of, who)) for who in people]
    no_locks(monkeypatch)
    both_have_read = rendezvous(2)

    def read_then_write(campaign_id: int, prize: str) -> bool:
        kind = prize_counter(prize)
        left = counters.left(kind=kind, subject_id=campaign_id)
        both_have_read()
        if left < 1:
            return False
        BoundedCounter.objects.filter(kind=kind, subject_id=campaign_id).update(used=1)
        return True

    monkeypatch.setattr(giving, "_take_prize", read_then_write)
    run_at_once(*(lambda who=who, play=play: _turn(who, play) for who, play in plays))
    assert CouponGrant.objects.count() == 2
    assert "what is gone of a prize was given" in campaign_audit()


def test_control_without_the_queue_two_turns_have_one_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, people = make.shop(), crowd(2)
    of = campaign(shop, "instant_draw", prize=coupon(shop).pk)
    plays = [(who, begun(of, who)) for who in people]
    no_locks(monkeypatch)
    meet(monkeypatch, giving, "receipt", 2)
    run_at_once(*(lambda who=who, play=play: _turn(who, play) for who, play in plays))
    numbers = [
        public["turns"][0][0] for public in Instance.objects.values_list("public", flat=True)
    ]
    assert numbers == [0, 0]
    assert "the turns of a wheel are those of its plays" in campaign_audit()


def _twenty(monkeypatch: pytest.MonkeyPatch | None = None) -> int:
    shop, ana = make.shop(), somebody()
    of = campaign(shop, "instant_draw", prize=coupon(shop).pk, base=3)
    play = begun(of, ana)
    if monkeypatch is not None:
        no_locks(monkeypatch)
        meet(monkeypatch, InstantDraw, "chances", 20)
    found = run_concurrently(lambda: _turn(ana, play), 20)
    assert all(one == play.code or isinstance(one, Refused) for one in found), kinds(found)
    return sum(one == play.code for one in found)


def test_f19_points_below_zero_twenty_turns_with_chances_for_three() -> None:
    assert _twenty() == 3
    assert_sound()


def test_f19_control_without_the_lock_more_are_turned_than_there_are_chances(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _twenty(monkeypatch) > 3
