"""Campaigns that are published, paused, ended and drawn while people play; one's own credit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import planning, playing
from banyan.campaigns.actions.playing import Played
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import locks
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.problems import Problem
from banyan.ledger.models import Account as Book
from banyan.ledger.proof import verify
from banyan.payments.actions.credit import issue_credit
from banyan.people.models import Account
from banyan.sales.models import Sale
from tests.campaigns.plays import pack
from tests.campaigns.scene import (
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    draft,
    join,
    somebody,
)
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import (
    between,
    careless,
    meet,
    no_locks,
    without_check,
    without_unique,
)

pytestmark = pytest.mark.usefixtures("threaded_db")


# -- whoever is on the way when it stops ----------------------------------------------------------


def _boss(of: Campaign) -> Actor:
    assert of.shop is not None
    return make.actor(of.shop.owner)


def _pause(of: Campaign) -> Campaign:
    return campaigns.pause_campaign(actor=_boss(of), campaign_id=of.pk)


def test_a_pause_and_those_who_join_meanwhile() -> None:
    of = pack(6)
    found = run_at_once(
        lambda: _pause(of.campaign),
        *(lambda who=who: join(of, who) for who in crowd(4)),
        lambda: _pause(of.campaign),
    )
    assert all(isinstance(one, Played | Refused | Campaign) for one in found), kinds(found)
    assert CouponGrant.objects.count() == sum(isinstance(one, Played) for one in found)
    with pytest.raises(Refused, match="play_paused"):
        join(of, somebody())
    assert_sound()


def _joins_while_it_is_paused(monkeypatch: pytest.MonkeyPatch) -> Any:
    of, ben = pack(6), somebody()
    meanwhile = between(monkeypatch, playing, "person_of")
    came, _paused = run_at_once(lambda: join(of, ben), meanwhile(lambda: _pause(of.campaign)))
    return came


def test_whoever_is_about_to_join_when_it_is_paused_gets_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    came = _joins_while_it_is_paused(monkeypatch)
    assert isinstance(came, Refused)
    assert came.code == "play_paused"
    assert not Participation.objects.exists()
    assert not CouponGrant.objects.exists()
    assert_sound()


def test_control_without_the_condition_they_are_in_though_it_is_paused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def whatever_the_campaign_does(instance: Instance, _actor: Actor) -> int:
        Instance.objects.filter(pk=instance.pk).update(taken=F("taken") + 1)
        instance.taken += 1
        return instance.taken

    monkeypatch.setattr(playing, "_take_place", whatever_the_campaign_does)
    assert isinstance(_joins_while_it_is_paused(monkeypatch), Played)


def _comes_late_while_it_is_paused(monkeypatch: pytest.MonkeyPatch) -> Any:
    shop = make.shop()
    terms = {"coupon": coupon(shop).pk, "late": coupon(shop, title="late").pk, "places": 2}
    of = begun(campaign(shop, "coupon_pack", sender=-1, **terms), somebody())
    for who in crowd(2):
        join(of, who)
    ben = somebody()
    meanwhile = between(monkeypatch, playing, "person_of")
    came, _paused = run_at_once(lambda: join(of, ben), meanwhile(lambda: _pause(of.campaign)))
    return came


def test_whoever_comes_too_late_when_it_is_paused_gets_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    came = _comes_late_while_it_is_paused(monkeypatch)
    assert isinstance(came, Refused)
    assert came.code == "play_paused"
    assert CouponGrant.objects.count() == 2
    assert_sound()


def test_control_without_a_second_look_a_latecomer_is_given_something_though_it_is_paused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nobody = Campaign.objects.none()
    monkeypatch.setattr(playing, "_paused", lambda instance: nobody)
    assert isinstance(_comes_late_while_it_is_paused(monkeypatch), Played)


def _begins_while_it_ends(monkeypatch: pytest.MonkeyPatch) -> tuple[Campaign, Any]:
    shop, ben = make.shop(), somebody()
    of = campaign(shop, "instant_draw", prize=coupon(shop).pk)
    meanwhile = between(monkeypatch, playing, "new_ids")

    def end() -> None:
        campaigns.end_campaign(actor=_boss(of), campaign_id=of.pk)
        campaigns.advance(actor=SYSTEM)

    came, _ended = run_at_once(lambda: begun(of, ben), meanwhile(end))
    of.refresh_from_db()
    assert of.state == "settled"
    assert "proof" in of.public
    return of, came


def test_nothing_begins_in_a_campaign_whose_books_are_closed_and_whose_seed_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _of, came = _begins_while_it_ends(monkeypatch)
    assert isinstance(came, Refused)
    assert came.code == "play_over"
    assert not Instance.objects.exists()
    assert_sound()


def test_control_without_a_second_look_somebody_turns_a_wheel_whose_seed_is_public(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "take_reading", lambda kind, row: None)
    of, came = _begins_while_it_ends(monkeypatch)
    assert isinstance(came, Instance)
    assert Instance.objects.get(campaign=of).ended_at is None


# -- published once -------------------------------------------------------------------------------


def _published_at_once(times: int) -> tuple[Campaign, list[Any]]:
    item = make.variant(price=10_000, stock=20)
    values: dict[str, Any] = {"variant": item.pk, "price": 5_000, "public": 5, "room": False}
    of, who = draft(item.product.shop, "flash_sale", **values), make.actor(item.product.shop.owner)
    found = run_concurrently(
        lambda: campaigns.publish_campaign(actor=who, campaign_id=of.pk), times
    )
    of.refresh_from_db()
    return of, found


def test_a_flash_sale_that_is_published_twice_at_once_is_one_sale() -> None:
    of, found = _published_at_once(4)
    assert all(isinstance(one, Campaign) for one in found), kinds(found)
    assert (of.state, Sale.objects.count()) == ("published", 1)
    assert of.public == {"sale": str(Sale.objects.get().pk)}


def test_control_without_lock_and_machine_it_is_two_sales(monkeypatch: pytest.MonkeyPatch) -> None:
    no_locks(monkeypatch)
    careless(monkeypatch, planning)
    meet(monkeypatch, planning, "report_of", 2)
    with without_unique("sales_item", "sale_item_live_once"):
        of, found = _published_at_once(2)
    assert (of.state, Sale.objects.count()) == ("published", 2), found


# -- one's own credit -----------------------------------------------------------------------------


def _rich() -> tuple[Account, Callable[[], Instance]]:
    """Return somebody with credit for three packets, and what begins one."""
    ana = somebody()
    issue_credit(
        actor=SYSTEM, account_id=ana.pk, amount=Money(3_000, "CNY"), key="gift", reason="gift"
    )
    of = campaigns.standing_campaign(mechanic_code="red_packet", currency="CNY")
    given = {"total": "1000", "count": "3"}
    return ana, lambda: campaigns.begin(actor=make.actor(ana), code=of.code, given=given)


def _credit(who: Account) -> int:
    return Book.objects.get(kind="wallet", owner_id=who.pk).balance


def test_f19_points_below_zero() -> None:
    ana, begin = _rich()
    for _n in range(3):
        run_concurrently(begin, 20)
    assert Instance.objects.count() == 3
    assert _credit(ana) == 0
    with pytest.raises(Problem) as refused:
        begin()
    assert refused.value.code == "insufficient_balance"
    assert_sound()
    assert verify().clean


def test_f19_control_without_the_guard_somebody_fills_packets_with_what_they_have_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana, begin = _rich()
    meet(monkeypatch, playing, "new_ids", 5)
    with (
        without_check("ledger_account", "ledger_account_guarded"),
        without_unique("campaigns_instance", "instance_turn_once"),
    ):
        found = run_concurrently(begin, 5)
        assert _credit(ana) == -2_000, kinds(found)
        Book.objects.filter(balance__lt=0).update(balance=0)
