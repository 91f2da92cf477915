"""Campaigns under fire: real threads, real commits; each race has its negative control."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db.models import F

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions import applying, playing
from banyan.campaigns.actions.playing import Played
from banyan.campaigns.mechanics import like_collection
from banyan.campaigns.models import (
    Campaign,
    Contribution,
    Grant,
    Instance,
    Participation,
    PersonKey,
)
from banyan.campaigns.persons import Person
from banyan.campaigns.problems import Refused
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import counters
from banyan.kernel.actors import Actor
from banyan.kernel.models import BoundedCounter
from banyan.kernel.problems import SoldOut
from banyan.ledger.models import Account as Book
from banyan.ledger.proof import verify
from banyan.people.models import Account
from tests.campaigns.plays import (
    bargain,
    entry,
    group,
    likes,
    moves,
    pack,
    packet,
    patient,
    rush,
    turns,
)
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
from tests.support.threads import kinds, run_at_once, run_concurrently
from tests.support.weakened import (
    careless,
    meet,
    no_locks,
    rendezvous,
    without_check,
    without_unique,
)

pytestmark = pytest.mark.usefixtures("threaded_db")


# -- the last place -------------------------------------------------------------------------------


def test_m01_concurrent_last_slot() -> None:
    of = pack(3)
    assert len(rush(join, of, crowd(9))) == 3
    assert CouponGrant.objects.count() == 3
    assert Participation.objects.count() == 3
    assert (of.taken, of.state, moves(of)["drained"]) == (3, "drained", 1)
    assert_sound()


def _late(budget: int, **values: Any) -> Instance:
    """A pack of two with one place left, 5.00 off each; who comes too late has 2.00 off."""
    shop = make.shop()
    terms = {"coupon": coupon(shop).pk, "late": coupon(shop, title="2 off", amount_off=200).pk}
    terms |= values
    of = campaign(shop, "coupon_pack", places=2, sender=-1, budget=budget, **terms)
    one = begun(of, somebody())
    join(one, somebody())
    return one


@pytest.mark.parametrize(("left", "given"), [(2_000, 5), (500, 2)], ids=["for all", "for two"])
def test_m01_concurrent_last_slot_the_others_have_the_coupon_for_latecomers(
    left: int, given: int
) -> None:
    of = _late(1_000 + left)
    served = rush(join, of, crowd(6))
    assert sum(one.mine is not None for one in served) == 1
    assert (len(served), Grant.objects.filter(rule="late").count()) == (1 + given, given)
    assert (of.taken, of.state, of.spent) == (2, "drained", 1_000 + 200 * given)
    assert Participation.objects.filter(instance=of).count() == 2
    of.campaign.refresh_from_db()
    assert (of.campaign.reserved, of.campaign.spent) == (0, of.spent)
    assert_sound()


def test_m01_concurrent_last_slot_of_the_coupons_for_latecomers() -> None:
    of = _late(9_000, late_most=2)
    assert len(rush(join, of, crowd(7))) == 1 + 2
    assert Grant.objects.filter(rule="late").count() == 2
    assert_sound()


def test_m01_control_a_number_that_is_read_first_is_passed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = _late(9_000, late_most=1)
    join(of, somebody())
    no_locks(monkeypatch)
    together = rendezvous(3)

    def read_then_write(*, kind: str, subject_id: int) -> None:
        left = counters.left(kind=kind, subject_id=subject_id)
        together()
        if not left:
            raise SoldOut()
        BoundedCounter.objects.filter(kind=kind, subject_id=subject_id).update(used=F("used") + 1)

    counters.open_counter(kind="campaigns.late", subject_id=of.campaign_id, cap=1)
    monkeypatch.setattr(counters, "take", read_then_write)
    monkeypatch.setattr(applying, "promise_more", lambda *_given: None)  # its row would hold them
    with (
        without_check("kernel_boundedcounter", "bounded_counter_cap"),
        without_check("campaigns_instance", "instance_promise"),
    ):
        found = run_at_once(*(lambda who=who: join(of, who) for who in crowd(3)))
        given = Grant.objects.filter(rule="late").count()
    assert given == 3, kinds(found)


def test_m01_control_a_budget_that_is_read_first_is_given_to_every_latecomer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = _late(1_200)  # one latecomer's worth
    join(of, somebody())
    no_locks(monkeypatch)
    together = rendezvous(3)

    def read_then_write(one: Instance, money: int) -> None:
        now = Campaign.objects.get(pk=one.campaign_id)
        together()
        if now.budget < now.reserved + now.spent + money:
            raise Refused("budget")
        Instance.objects.filter(pk=one.pk).update(promise=F("promise") + money)

    monkeypatch.setattr(applying, "promise_more", read_then_write)
    with without_check("campaigns_campaign", "campaign_budget"):
        found = run_at_once(*(lambda who=who: join(of, who) for who in crowd(3)))
        given = Grant.objects.filter(rule="late").count()
    assert given == 3, kinds(found)


def test_m02_concurrent_last_slot_is_one_transition() -> None:
    of = likes(4)
    for who in crowd(3):
        help_(of, who)
    assert len(rush(help_, of, crowd(4))) == 1
    assert (of.taken, of.state, moves(of)["reached"]) == (4, "reached", 1)
    assert Contribution.objects.count() == 4
    assert_sound()


def burst() -> Instance:
    shop = make.shop()
    terms = {"coupon": coupon(shop).pk, "likes": 10, "per_minute": 2}
    return begun(campaign(shop, "like_collection", **terms), somebody())


def counted(of: Instance, people: Sequence[Account]) -> int:
    """Let all of them like at one instant; return how many of the likes count."""
    found = run_at_once(*(lambda who=who: patient(lambda: help_(of, who)) for who in people))
    assert [*kinds(found)] == ["Played"]
    return Contribution.objects.filter(instance=of, weight=1).count()


def test_m02_of_likes_at_one_instant_no_more_count_than_in_a_minute() -> None:
    assert counted(burst(), crowd(4)) == 2
    assert_sound()


def test_m02_control_without_the_lock_all_of_a_burst_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each has counted the last minute before any of the likes is there."""
    places = itertools.count(1)
    no_locks(monkeypatch)
    monkeypatch.setattr(playing, "_take_place", lambda *_asked: next(places))
    meet(monkeypatch, like_collection, "_last_minute", 4)
    assert counted(burst(), crowd(4)) == 4


def test_m02_redeeming_at_once_gives_one_coupon() -> None:
    of = likes(1)
    help_(of, somebody())
    owner = make.actor(of.owner)  # type: ignore[arg-type]  # somebody began it
    found = run_concurrently(lambda: campaigns.play(actor=owner, code=of.code, verb="redeem"), 8)
    assert sum(isinstance(one, Played) for one in found) == 1, kinds(found)
    assert CouponGrant.objects.count() == 1
    assert_sound()


@pytest.mark.parametrize("keyed", [True, False], ids=["by the key alone", "without the key"])
def test_m02_control_without_lock_and_machine_two_redeem(
    keyed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = likes(1)
    help_(of, somebody())
    owner = make.actor(of.owner)  # type: ignore[arg-type]  # somebody began it
    no_locks(monkeypatch)
    careless(monkeypatch, applying)
    meet(monkeypatch, playing, "terms_of", 3)

    def redeem() -> Played:
        return campaigns.play(actor=owner, code=of.code, verb="redeem")

    with contextlib.ExitStack() as off:
        off.enter_context(without_check("campaigns_instance", "instance_promise"))
        off.enter_context(without_check("campaigns_campaign", "campaign_budget"))
        if not keyed:
            off.enter_context(without_unique("campaigns_grant", "granted_once"))
        found = run_concurrently(redeem, 3)
        given = CouponGrant.objects.count()
    assert given == sum(isinstance(one, Played) for one in found) == (1 if keyed else 3), found


@pytest.mark.parametrize("begin", [entry, turns], ids=["of a draw", "of a wheel"])
def test_m03_concurrent_last_slot_help_counts_up_to_the_cap(
    begin: Callable[[int], Instance],
) -> None:
    of = begin(2)
    assert len(rush(help_, of, crowd(6))) == 2
    assert (of.taken, Contribution.objects.count()) == (2, 2)
    assert_sound()


def test_m04_concurrent_last_slot_f07_bargain_race() -> None:
    of = bargain(20, shape="line-cut/1")
    assert len(rush(help_, of, crowd(50))) == 20
    cuts = list(Contribution.objects.order_by("nth").values_list("nth", "amount"))
    assert [nth for nth, _cut in cuts] == list(range(1, 21))
    assert sum(cut for _nth, cut in cuts) == 6_000
    assert (of.amount, of.state, moves(of)["ready"]) == (4_000, "ready", 1)
    assert Participation.objects.get().right_id is not None
    assert_sound()


def test_m05_concurrent_last_slot() -> None:
    of = group(4)
    assert len(rush(join, of, crowd(7))) == 3
    assert of.taken == 4
    assert Participation.objects.exclude(right_id=None).count() == 4
    assert_sound()


def test_m10_concurrent_last_slot() -> None:
    of, tries = packet(20, 5_000), crowd(100) * 3
    found: list[Any] = []

    def grabs(some: Sequence[Account]) -> None:
        for who in some:
            try:
                found.append((who.pk, patient(lambda who=who: join(of, who))))  # type: ignore[misc]
            except Refused as refused:
                found.append((who.pk, refused))

    assert set(run_at_once(*(lambda n=n: grabs(tries[n::32]) for n in range(32)))) == {None}
    assert len(found) == 300
    taken = Grant.objects.filter(rule="share")
    credited = list(taken.values_list("account_id", flat=True))
    assert len(credited) == len(set(credited)) == 20
    assert {who for who, one in found if isinstance(one, Played)} == set(credited)
    assert sum(taken.values_list("amount", flat=True)) == 5_000
    assert Book.objects.get(kind="packet").balance == 0
    of.refresh_from_db()
    assert (of.taken, of.state, moves(of)["drained"]) == (20, "drained", 1)
    assert_sound()
    assert verify().clean


RACES: dict[str, tuple[Callable[[int], Instance], Callable[..., Any]]] = {
    "m01": (pack, join),
    "m02": (likes, help_),
    "m03": (entry, help_),
    "m03 wheel": (turns, help_),
    "m04": (bargain, help_),
    "m05": (group, join),
    "m10": (packet, join),
}


@pytest.mark.parametrize("of", RACES)
def test_control_without_the_condition_more_get_in_than_there_are_places(
    of: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, act = RACES[of]
    one, people = begin(5), crowd(4)
    Instance.objects.filter(pk=one.pk).update(cap=one.taken + 2)
    places = itertools.count(one.taken + 1)
    no_locks(monkeypatch)

    def read_then_write(instance: Instance, _actor: Actor) -> int:
        free = Instance.objects.get(pk=instance.pk)
        if free.taken >= free.cap:
            raise Refused("drained")
        return next(places)

    monkeypatch.setattr(playing, "_take_place", read_then_write)
    meet(monkeypatch, playing, "_take_place", len(people))
    found = run_at_once(*(lambda who=who: act(one, who) for who in people))
    assert sum(isinstance(each, Played) for each in found) == 4, kinds(found)


# -- once per person ------------------------------------------------------------------------------


def test_ten_taps_of_one_person_are_one_coupon() -> None:
    of, ben = pack(5), somebody()
    found = run_concurrently(lambda: join(of, ben), 10)
    assert all(isinstance(one, Played | Refused) for one in found), kinds(found)
    assert CouponGrant.objects.filter(account=ben).count() == 1
    of.refresh_from_db()
    assert of.taken == 1
    assert_sound()


def test_control_without_keys_one_person_is_in_as_often_as_they_tap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of, ben = group(5), somebody()
    names = itertools.count(1)

    def another_name(person: Person, scope: str) -> list[PersonKey]:
        return [PersonKey(account_id=person.account_id, scope=scope, key=str(next(names)))]

    def another_seat(person: Person, instance_id: int) -> list[PersonKey]:
        return another_name(person, f"instance:{instance_id}")

    monkeypatch.setattr(applying, "seat_keys", another_seat)
    monkeypatch.setattr(playing, "_mine", lambda instance, account_id: None)
    with without_unique("campaigns_participation", "participation_once"):
        found = run_concurrently(lambda: join(of, ben), 3)
    assert sum(isinstance(one, Played) for one in found) == 3, kinds(found)


def test_beginning_twice_at_once_begins_once() -> None:
    shop, ben = make.shop(), somebody()
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, packs=1, budget=6_000)
    found = run_concurrently(lambda: begun(of, ben), 6)
    assert {one.pk for one in found if isinstance(one, Instance)} == set(
        Instance.objects.values_list("pk", flat=True)
    ), kinds(found)
    assert Instance.objects.count() == 1
    assert_sound()


def test_control_without_the_key_of_a_turn_one_person_begins_as_often_as_they_tap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, ben = make.shop(), somebody()
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, packs=1, budget=60_000)
    meet(monkeypatch, playing, "new_ids", 3)
    with without_unique("campaigns_instance", "instance_turn_once"):
        found = run_concurrently(lambda: begun(of, ben), 3)
        begun_by_ben = Instance.objects.filter(campaign=of, owner=ben).count()
    assert begun_by_ben == 3, kinds(found)


# -- the budget -----------------------------------------------------------------------------------


def _packs_for(budget: int) -> Campaign:
    shop = make.shop()
    # one pack promises 1,500: three openers, 5.00 each
    return campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=3, sender=-1, budget=budget)


def test_the_budget_is_promised_no_more_often_than_it_covers() -> None:
    of = _packs_for(4_600)
    found = run_at_once(*(lambda who=who: begun(of, who) for who in crowd(8)))
    assert sum(isinstance(one, Instance) for one in found) == 3, kinds(found)
    of.refresh_from_db()
    assert of.reserved == 4_500
    assert_sound()


def test_control_a_budget_that_is_read_first_is_promised_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = _packs_for(1_500)
    no_locks(monkeypatch)
    together = rendezvous(3)

    def read_then_write(one: Campaign, money: int) -> None:
        now = Campaign.objects.get(pk=one.pk)
        together()
        if now.budget < now.reserved + now.spent + money:
            raise Refused("budget")
        Campaign.objects.filter(pk=one.pk).update(reserved=F("reserved") + money)

    monkeypatch.setattr(playing, "promise", read_then_write)
    with without_check("campaigns_campaign", "campaign_budget"):
        found = run_at_once(*(lambda who=who: begun(of, who) for who in crowd(3)))
    assert sum(isinstance(one, Instance) for one in found) == 3, kinds(found)
