"""Mechanic 2.1: a pack of coupons, shared to both."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from banyan.campaigns import actions as campaigns
from banyan.campaigns import verifier
from banyan.campaigns.models import Campaign, Grant, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.campaigns.proofs import proof_file
from banyan.campaigns.queries import funnel_of
from banyan.catalog.models import Shop
from banyan.entitlements.models import Coupon
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, LoginRequired, NotFound
from tests.campaigns.phones import Phone
from tests.campaigns.scene import (
    DAY,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    draft,
    join,
    later,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def packs(shop: Shop, **values: Any) -> Campaign:
    values = {"coupon": coupon(shop).pk, "places": 3} | values
    return campaign(shop, "coupon_pack", **values)


def coupons_of(who: Any) -> list[str]:
    return sorted(CouponGrant.objects.filter(account=who).values_list("coupon__title", flat=True))


def test_friends_open_it_and_the_sender_gets_one_too(shop: Shop) -> None:
    sender, (ben, cy, dee) = somebody(), crowd(3)
    pack = begun(packs(shop, sender=2), sender)
    assert coupons_of(sender) == []

    join(pack, ben)
    assert coupons_of(sender) == [], "one more friend is missing"
    join(pack, cy)
    join(pack, dee)

    for who in (sender, ben, cy, dee):
        assert coupons_of(who) == ["5 off"]
    pack.refresh_from_db()
    assert (pack.state, pack.taken, pack.spent) == ("drained", 3, 2_000)
    pack.campaign.refresh_from_db()
    assert (pack.campaign.reserved, pack.campaign.spent) == (0, 2_000)
    assert_sound()


def test_who_opened_it_before_sees_the_own_result(shop: Shop) -> None:
    pack, ben = begun(packs(shop), somebody()), somebody()
    first = join(pack, ben)
    again = join(pack, ben)
    assert again.repeated
    assert again.mine == first.mine
    assert coupons_of(ben) == ["5 off"]
    assert_sound()


def test_an_empty_pack_says_so_in_two_statements_and_without_a_lock(shop: Shop) -> None:
    pack = begun(packs(shop, places=2), somebody())
    for who in crowd(2):
        join(pack, who)
    late = make.actor(somebody())
    with CaptureQueriesContext(connection) as seen, pytest.raises(Refused) as refused:
        campaigns.play(actor=late, code=pack.code, verb="join")
    assert refused.value.code == "play_drained"
    statements = [one["sql"] for one in seen]
    assert len(statements) <= 2, statements
    assert not any("FOR NO KEY" in one for one in statements)


def test_one_person_opens_so_many_packs_of_others_in_a_day(shop: Shop) -> None:
    many = coupon(shop, per_person=9).pk
    of = packs(shop, coupon=many, per_day=2, hours=72, ends_at=clock.now() + 5 * DAY)
    greedy, made = somebody(), [begun(of, who) for who in crowd(4)]
    for pack in made[:2]:
        join(pack, greedy)
    with pytest.raises(Refused, match="play_day"):
        join(made[2], greedy)
    assert len(coupons_of(greedy)) == 2
    join(made[2], somebody())
    with clock.at(clock.now() + DAY):
        join(made[2], greedy)
        join(made[3], greedy)
    assert_sound()


def test_packs_of_others_are_counted_by_the_date_of_the_shop(shop: Shop) -> None:
    shop.timezone = "America/New_York"
    shop.save()
    evening = dt.datetime(2027, 1, 5, 23, 30, tzinfo=dt.UTC)  # half past six there
    with clock.at(evening):
        many = coupon(shop, per_person=9).pk
        of = packs(shop, coupon=many, per_day=1, hours=72, ends_at=evening + 5 * DAY)
        who, (one, two) = somebody(), [begun(of, each) for each in crowd(2)]
        join(one, who)
    with clock.at(evening + dt.timedelta(hours=5)), pytest.raises(Refused, match="play_day"):
        join(two, who)
    with clock.at(evening + dt.timedelta(hours=6)):
        join(two, who)


def test_opening_costs_ten_statements_at_most(shop: Shop) -> None:
    pack = begun(packs(shop, places=9), somebody())
    first, second = crowd(2)
    join(pack, first)
    who = make.actor(second)
    with CaptureQueriesContext(connection) as seen:
        campaigns.play(actor=who, code=pack.code, verb="join")
    own = ("SAVEPOINT", "RELEASE")
    asked = [one["sql"] for one in seen if not any(word in one["sql"] for word in own)]
    assert len(asked) <= 10, "\n".join(asked)


def test_m01_expiry(shop: Shop) -> None:
    pack, ben = begun(packs(shop), somebody()), somebody()
    join(pack, ben)
    later(pack)
    assert (pack.state, pack.spent) == ("expired", 1_000)
    assert coupons_of(ben) == ["5 off"], "what was given lives on"
    with pytest.raises(Refused, match="play_over"):
        join(pack, somebody())
    assert_sound()


def test_m01_self_assist(shop: Shop) -> None:
    sender = somebody()
    pack = begun(packs(shop, sender=-1), sender)
    with pytest.raises(Refused, match="play_own"):
        join(pack, sender)
    assert coupons_of(sender) == []
    pack.refresh_from_db()
    assert pack.taken == 0, "the place is free again"
    assert_sound()


def test_a_second_account_in_the_same_browser_meets_the_first(shop: Shop) -> None:
    pack, (ben, ben_again) = begun(packs(shop), somebody()), crowd(2)
    for_ben = Actor(kind="member", id=ben.pk, visitor="one-browser")
    campaigns.play(actor=for_ben, code=pack.code, verb="join")
    again = Actor(kind="member", id=ben_again.pk, visitor="one-browser")
    with pytest.raises(Refused, match="play_twice"):
        campaigns.play(actor=again, code=pack.code, verb="join")
    assert coupons_of(ben_again) == []
    assert_sound()


def test_m01_new_user_only_breach(shop: Shop) -> None:
    welcome = coupon(shop, title="20 off", amount_off=2_000)
    pack = begun(packs(shop, newcomer=welcome.pk), somebody())
    new, old = crowd(2)
    make.pay(make.place((make.variant(shop), 1), buyer=old))
    join(pack, new)
    join(pack, old)
    assert coupons_of(new) == ["20 off"]
    assert coupons_of(old) == ["5 off"], "a buyer gets the ordinary one"
    assert_sound()


def test_a_newer_coupon_and_then_an_older_one_are_given_in_one_act(shop: Shop) -> None:
    older = coupon(shop, title="older")
    newer = coupon(shop, title="newer")
    sender, friend = crowd(2)
    join(begun(packs(shop, coupon=older.pk, newcomer=newer.pk, sender=1), sender), friend)
    assert (coupons_of(friend), coupons_of(sender)) == (["newer"], ["older"])
    assert_sound()


def test_m01_partial_fill(shop: Shop) -> None:
    pack = begun(packs(shop, places=10), somebody())
    pack.campaign.refresh_from_db()
    assert pack.campaign.reserved == 5_500
    join(pack, somebody())
    later(pack)
    pack.campaign.refresh_from_db()
    assert (pack.campaign.reserved, pack.campaign.spent) == (0, 1_000)
    assert_sound()


def test_the_better_coupon_is_where_the_seed_says(shop: Shop) -> None:
    better = coupon(shop, title="50 off", amount_off=5_000)
    pack = begun(packs(shop, places=5, top=better.pk), somebody())
    openers = crowd(5)
    for who in openers:
        join(pack, who)
    pack.refresh_from_db()
    file = json.loads(proof_file(pack))
    assert file["published"] == pack.public["published"], "fixed before anybody opened it"
    assert all(verifier.verify(proof_file(pack)).values())
    place = file["result"].index(2) + 1
    assert [coupons_of(who) == ["50 off"] for who in openers].index(True) + 1 == place
    assert Grant.objects.filter(rule="top").count() == 1
    assert_sound()


def test_a_used_up_coupon_is_replaced_by_the_declared_one(shop: Shop) -> None:
    few, plain = coupon(shop, title="few", cap=1), coupon(shop, title="plain")
    pack = begun(packs(shop, coupon=few.pk, instead=plain.pk, sender=-1), somebody())
    first, second = crowd(2)
    join(pack, first)
    join(pack, second)
    assert (coupons_of(first), coupons_of(second)) == (["few"], ["plain"])
    assert_sound()


def test_the_budget_is_kept_when_it_is_promised(shop: Shop) -> None:
    one_pack = packs(shop, budget=2_000)  # three openers and the sender, 5.00 each
    begun(one_pack, somebody())
    with pytest.raises(Refused, match="play_budget"):
        begun(one_pack, somebody())
    assert_sound()


def test_visitors_sign_in_first_and_drafts_are_nobodys(shop: Shop) -> None:
    pack = begun(packs(shop), somebody())
    with pytest.raises(LoginRequired):
        campaigns.play(actor=Actor.guest(), code=pack.code, verb="join")
    hidden = draft(shop, "coupon_pack", coupon=coupon(shop).pk)
    with pytest.raises(NotFound):
        begun(hidden, somebody())
    assert not Participation.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"places": 1}, "places"),
        ({"places": 101}, "places"),
        ({"places": "many"}, "places"),
        ({"sender": 4}, "terms"),
        ({"hours": 0}, "hours"),
        ({"coupon": 1}, "coupon"),
        ({"odd": 1}, "odd"),
        ({"title": " "}, "title"),
        ({"budget": -1}, "budget"),
        ({"ends_at": "before"}, "ends_at"),
        ({"drive": "greed"}, "drive"),
    ],
)
def test_terms_that_cannot_hold_are_refused_by_field(
    shop: Shop, values: dict[str, Any], field: str
) -> None:
    good: dict[str, Any] = {"coupon": coupon(shop).pk, "places": 3}
    if "ends_at" in values:
        values = {"ends_at": clock.now() - DAY}
    with pytest.raises(Invalid) as refused:
        draft(shop, "coupon_pack", **good | values)
    assert field in refused.value.fields
    assert not Campaign.objects.exists()


def test_a_coupon_that_everybody_may_take_is_no_promise(shop: Shop) -> None:
    free = coupon(shop, reach="claim", code="FREE")
    with pytest.raises(Invalid) as refused:
        draft(shop, "coupon_pack", coupon=free.pk)
    assert "coupon" in refused.value.fields
    other = coupon(make.shop())
    with pytest.raises(Invalid):
        draft(shop, "coupon_pack", coupon=other.pk)


def test_a_paused_campaign_keeps_its_promises(shop: Shop) -> None:
    of = packs(shop)
    pack, owner = begun(of, somebody()), make.actor(shop.owner)
    campaigns.pause_campaign(actor=owner, campaign_id=of.pk)
    with pytest.raises(Refused, match="play_paused"):
        join(pack, somebody())
    campaigns.resume_campaign(actor=owner, campaign_id=of.pk)
    campaigns.end_campaign(actor=owner, campaign_id=of.pk)
    with pytest.raises(Refused, match="play_over"):
        begun(of, somebody())
    join(pack, somebody())  # what was sent can be opened until its deadline
    assert_sound()


def test_nobody_is_given_a_coupon_whose_time_is_over(shop: Shop) -> None:
    """Its merchant shortened it after publication, while nobody had one."""
    row, other = coupon(shop, ends_at=clock.now() + 2 * DAY), coupon(shop, title="other")
    plain, spare = packs(shop, coupon=row.pk), packs(shop, coupon=row.pk, instead=other.pk)
    pack, ben = begun(plain, somebody()), somebody()
    second = begun(spare, somebody())
    Coupon.objects.filter(pk=row.pk).update(ends_at=clock.now())

    with pytest.raises(Refused, match="play_drained"):
        join(pack, ben)
    assert coupons_of(ben) == []
    join(second, ben)
    assert coupons_of(ben) == ["other"], "what was declared for that"
    assert_sound()


def test_a_coupon_that_ends_before_its_campaign_is_not_published(shop: Shop) -> None:
    short = coupon(shop, ends_at=clock.now() + DAY)
    packs(shop, coupon=short.pk, ends_at=short.ends_at)
    for name in ("coupon", "top"):
        with pytest.raises(Invalid) as refused:
            packs(shop, **{name: short.pk}, ends_at=clock.now() + 2 * DAY)
        assert [*refused.value.fields] == [name]


# -- who comes too late ----------------------------------------------------------------------------


def drained(shop: Shop, **values: Any) -> Instance:
    """Return a pack of two that two friends have emptied; the rest gets 2.00 off."""
    late = coupon(shop, title="2 off", amount_off=200)
    usual: dict[str, Any] = {"places": 2, "sender": -1, "late": late.pk}
    pack = begun(packs(shop, **usual | values), somebody())
    for who in crowd(2):
        join(pack, who)
    pack.refresh_from_db()
    assert pack.state == "drained"
    return pack


def test_who_comes_too_late_has_the_coupon_for_it_once(shop: Shop) -> None:
    pack, (ana, ben) = drained(shop), crowd(2)
    assert join(pack, ana).mine is None, "it is no place"
    with pytest.raises(Refused, match="play_twice"):
        join(pack, ana)
    with pytest.raises(Refused, match="play_twice"):
        join(begun_and_drained(pack.campaign), ana)
    join(pack, ben)
    assert (coupons_of(ana), coupons_of(ben)) == (["2 off"], ["2 off"])
    assert Grant.objects.filter(rule="late", cost=200).count() == 2
    pack.refresh_from_db()
    assert (pack.taken, pack.promise, pack.spent) == (2, 1_400, 1_400)
    pack.campaign.refresh_from_db()
    assert (pack.campaign.reserved, pack.campaign.spent) == (0, 2_400)
    assert funnel_of(pack.campaign).joined == 4, "two friends of each pack"
    assert_sound()


def begun_and_drained(of: Campaign) -> Instance:
    pack = begun(of, somebody())
    for who in crowd(2):
        join(pack, who)
    return pack


def test_nobody_who_is_in_comes_too_late_under_another_name(shop: Shop) -> None:
    pack = begun(packs(shop, places=2, sender=-1, late=coupon(shop, title="late").pk), somebody())
    ben, ben_again, cy = crowd(3)
    campaigns.play(
        actor=Actor(kind="member", id=ben.pk, visitor="one-browser"), code=pack.code, verb="join"
    )
    join(pack, cy)
    again = Actor(kind="member", id=ben_again.pk, visitor="one-browser")
    with pytest.raises(Refused, match="play_twice"):
        campaigns.play(actor=again, code=pack.code, verb="join")
    assert join(pack, cy).repeated, "who is in sees the own result"
    assert pack.owner is not None
    with pytest.raises(Refused, match="play_own"):
        join(pack, pack.owner)
    assert not Grant.objects.filter(rule="late").exists()
    assert_sound()


def test_what_comes_too_late_ends_with_budget_pause_and_deadline(shop: Shop) -> None:
    pack, owner = drained(shop, budget=1_300), make.actor(shop.owner)
    campaigns.pause_campaign(actor=owner, campaign_id=pack.campaign_id)
    with pytest.raises(Refused, match="play_paused"):
        join(pack, somebody())
    campaigns.resume_campaign(actor=owner, campaign_id=pack.campaign_id)
    join(pack, somebody())
    with pytest.raises(Refused, match="play_budget"):
        join(pack, somebody())
    other = drained(shop)
    with clock.at(other.deadline), pytest.raises(Refused, match="play_drained"):
        join(other, somebody())
    assert Grant.objects.filter(rule="late").count() == 1
    assert_sound()


def test_for_honour_who_comes_too_late_has_a_mark(shop: Shop) -> None:
    of = campaign(shop, "coupon_pack", drive="honour", budget=0, places=2, sender=-1)
    pack, ana = begun_and_drained(of), Phone(somebody())
    assert ana.act(f"/play/{pack.code}", "join") == f"/play/{pack.code}"
    assert "You came for a friend" in ana.look(f"/play/{pack.code}")
    assert Grant.objects.get(account=ana.account).kind == "honour"
    assert not CouponGrant.objects.exists()
    assert_sound()


def test_the_page_of_an_empty_pack_offers_it_and_visitors_sign_in_for_it(shop: Shop) -> None:
    pack, ana = drained(shop), Phone(somebody())
    url = f"/play/{pack.code}"
    assert "Take the coupon for latecomers" in ana.look(url)
    assert "Others may see" not in ana.page, "it is no place"
    assert ana.act(url, "join") == url
    assert "A coupon is yours" in ana.look(url)
    assert "Take the coupon for latecomers" not in ana.page
    visitor = Client()
    assert "kept for ten minutes" not in visitor.get(url).content.decode()
    there = visitor.post(f"{url}/keep", headers={"origin": "http://testserver"})
    assert "/login" in there["Location"]
    rules = Client().get(f"/campaign/{pack.campaign.code}/rules").content.decode()
    assert "Who comes too late has “2 off · CN¥2.00 off”, once: 100 at most in all" in rules
    pack.refresh_from_db()
    assert (pack.taken, pack.held) == (2, 0)
