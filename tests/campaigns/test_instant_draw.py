"""Mechanic 2.3, instant: a wheel that all who take part turn, one after the other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from banyan.campaigns import actions as campaigns
from banyan.campaigns import verifier
from banyan.campaigns.chance.instant import Turn, receipt
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Shop
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock, relay, topics
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Invalid
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.campaigns.scene import (
    DAY,
    HOUR,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    draft,
    help_,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


def wheel(shop: Shop, **values: Any) -> Campaign:
    values = {"prize": coupon(shop, title="great").pk, "base": 1, "helpers": 2} | values
    return campaign(shop, "instant_draw", **values)


def sure(shop: Shop, **values: Any) -> Campaign:
    """A wheel on which everybody wins as long as there is something."""
    return wheel(shop, **{"nothing": 0} | values)


def turn(play: Instance, who: Account, **given: str) -> str:
    """Turn once; return what it fell on."""
    campaigns.play(actor=make.actor(who), code=play.code, verb="redeem", given=given)
    play.refresh_from_db()
    return str(play.public["turns"][-1][1])


def won() -> int:
    return CouponGrant.objects.count()


def over(of: Campaign) -> Campaign:
    with clock.at(of.ends_at):
        campaigns.advance(actor=SYSTEM)
    of.refresh_from_db()
    return of


def test_every_turn_has_a_receipt_and_anybody_can_check_all_of_them(shop: Shop) -> None:
    more = {"prize_2": coupon(shop, title="small").pk, "count_2": 2, "weight_2": 3, "nothing": 4}
    of, people = wheel(shop, base=3, next_one=True, **more), crowd(3)
    published = of.public["published"]
    plays = [begun(of, who) for who in people]
    told = []
    for _round in range(3):
        for play, who in zip(plays, people, strict=True):
            turn(play, who)
            told.append((play.code, *play.public["turns"][-1]))
    assert [n for _code, n, _given, _head in told] == list(range(9)), "one chain, without a gap"
    assert len({play.commitment for play in plays} | {""}) == 1
    assert Client().get(f"/campaign/{of.code}/proof").status_code == 404, "not before it is over"
    over(of)
    text = Client().get(f"/campaign/{of.code}/proof").content.decode()
    file = json.loads(text)
    assert all(verifier.verify(text).values())
    assert file["published"]["seed"] == published["seed"], "fixed before anybody turned"
    assert file["result"] == [[code, given] for code, _n, given, _head in told]
    head = published["terms"]
    for code, n, given, kept in told:
        head = receipt(head, n=n, turn=Turn(code, given))
        assert head == kept
    changed = json.loads(text)
    changed["result"][0][1] = "1" if changed["result"][0][1] != "1" else "nothing"
    assert not all(verifier.verify(json.dumps(changed, sort_keys=True)).values())
    assert (of.state, of.reserved) == ("settled", 0)
    assert Participation.objects.filter(state="won").count() == len(
        {code for code, _n, given, _head in told if given != "nothing"}
    )
    assert of.spent == 500 * won()
    assert_sound()


def test_every_turn_falls_on_something(shop: Shop) -> None:
    of = wheel(shop, weight=1, count=5, nothing=1, base=10)
    ana = somebody()
    play = begun(of, ana)
    fell = [turn(play, ana) for _n in range(10)]
    assert set(fell) <= {"1", "nothing"}
    assert fell.count("1") == won() <= 5
    assert_sound()


def test_a_prize_that_is_gone_is_replaced_by_what_was_declared(shop: Shop) -> None:
    small = {"prize_2": coupon(shop, title="small").pk, "count_2": 1, "weight_2": 1}
    people = crowd(3)
    of = sure(shop, weight=1_000_000, next_one=True, **small)
    assert [turn(begun(of, who), who) for who in people] == ["1", "2", "nothing"]
    plain = sure(shop)
    assert [turn(begun(plain, who), who) for who in people] == ["1", "nothing", "nothing"]
    assert won() == 3
    assert_sound()


def test_f11_chance_cache_what_an_order_earned_is_there_next_day(shop: Shop) -> None:
    of, ana = wheel(shop, orders=1, ends_at=clock.now() + 3 * DAY), somebody()
    play = begun(of, ana)
    turn(play, ana)
    with pytest.raises(Refused, match="play_chances"):
        turn(play, ana)
    item = make.variant(shop, stock=9)
    for _n in range(2):
        make.pay(make.place((item, 1), buyer=ana))
        relay.drain()
    with clock.at(clock.now() + DAY):
        turn(play, ana)
        with pytest.raises(Refused, match="play_chances"):
            turn(play, ana)
    assert len(play.public["turns"]) == 2, "the second order is beyond what counts"


def test_an_order_that_is_given_back_gives_no_turn(shop: Shop) -> None:
    of, ana = wheel(shop, orders=2), somebody()
    play, item = begun(of, ana), make.variant(shop, stock=9)
    bought = [make.pay(make.place((item, 1), buyer=ana)).orders.get() for _n in range(2)]
    relay.drain()
    for _n in range(2):
        turn(play, ana)
    orders.undo_orders(actor=SYSTEM, order_ids=[bought[0].pk], reason="back")
    relay.drain()
    with pytest.raises(Refused, match="play_chances"):
        turn(play, ana)
    assert len(play.public["turns"]) == 2, "one of its own, one of the order that was kept"
    assert_sound()


def test_an_order_counts_in_place_of_one_that_went_back(shop: Shop) -> None:
    of, ana = wheel(shop, orders=1), somebody()
    play, item = begun(of, ana), make.variant(shop, stock=9)

    def buys() -> Order:
        bought = make.pay(make.place((item, 1), buyer=ana)).orders.get()
        relay.drain()
        return bought

    def goes_back(order: Order) -> None:
        orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="back")
        relay.drain()

    goes_back(buys())
    second = buys()
    for _n in range(2):
        turn(play, ana)
    goes_back(second)
    third = buys()
    with pytest.raises(Refused, match="play_chances"):
        turn(play, ana)
    assert third.state == "paid"
    assert len(play.public["turns"]) == 2, "the third nets the turn of the second"
    assert_sound()


def test_friends_give_turns_up_to_the_cap(shop: Shop) -> None:
    of, ana = wheel(shop, helpers=1), somebody()
    play = begun(of, ana)
    ben, cy = crowd(2)
    with pytest.raises(Refused, match="play_own"):
        help_(play, ana)
    help_(play, ben)
    with pytest.raises(Refused, match="play_drained"):
        help_(play, cy)
    turn(play, ana)
    turn(play, ana)
    with pytest.raises(Refused, match="play_chances"):
        turn(play, ana)
    with pytest.raises(Refused, match="play_not_yours"):
        turn(play, ben)
    with pytest.raises(Refused, match="play_staff"):
        begun(of, shop.owner)
    assert_sound()


def test_a_form_sent_twice_turns_once(shop: Shop) -> None:
    of, ana = wheel(shop, base=5), somebody()
    play = begun(of, ana)
    for _press in range(2):
        turn(play, ana, turn="0")
    assert len(play.public["turns"]) == 1


def test_nothing_is_turned_when_it_is_over(shop: Shop) -> None:
    of, ana = wheel(shop), somebody()
    play = begun(of, ana)
    with clock.at(of.ends_at), pytest.raises(Refused, match="play_over"):
        turn(play, ana)
    over(of)
    play.refresh_from_db()
    assert (play.state, play.public["turns"], won()) == ("closed", [], 0)
    assert Participation.objects.get().state == "lost"


def test_a_pause_keeps_the_chain_and_nobody_turns_meanwhile(shop: Shop) -> None:
    of, ana, owner = wheel(shop, base=3), somebody(), make.actor(shop.owner)
    play = begun(of, ana)
    turn(play, ana)
    campaigns.pause_campaign(actor=owner, campaign_id=of.pk)
    with pytest.raises(Refused, match="play_paused"):
        turn(play, ana)
    assert campaigns.publish_campaign(actor=owner, campaign_id=of.pk).state == "paused"
    campaigns.resume_campaign(actor=owner, campaign_id=of.pk)
    turn(play, ana)
    assert [n for n, _given, _head in play.public["turns"]] == [0, 1]
    assert_sound()


def test_the_terms_must_hold_together(shop: Shop) -> None:
    few = coupon(shop, cap=3).pk
    with pytest.raises(Invalid) as refused:
        draft(shop, "instant_draw", prize=few, count=2, prize_2=few, count_2=2, weight_2=1)
    assert set(refused.value.fields) == {"count_2"}
    with pytest.raises(Invalid) as refused:
        draft(shop, "instant_draw", prize=few, prize_2=few, count_2=2)
    assert set(refused.value.fields) == {"terms"}


def test_the_page_says_the_odds_and_what_is_left_and_turns_without_scripts(shop: Shop) -> None:
    of, ana = sure(shop, count=2, weight=3, nothing=0), somebody()
    browser = Client()
    browser.force_login(ana)
    begin = browser.post(f"/campaign/{of.code}/begin")
    page = browser.get(begin["Location"]).content.decode()
    assert "chance 3 in 3 · 2 of 2 left" in page
    assert "0 turns of 1 used" in page
    answer = browser.post(begin["Location"] + "/redeem", {"turn": "0"}, follow=True)
    page = answer.content.decode()
    assert "You have won" in page
    assert "1 of 2 left" in page
    head = Instance.objects.get().public["turns"][0][2]
    assert f"Receipt {head}" in page
    assert won() == 1
    with clock.at(clock.now() + HOUR):
        other = Client().get(begin["Location"]).content.decode()
    assert f"Receipt {head}" not in other


def test_a_second_phone_hears_that_somebody_turned(shop: Shop) -> None:
    of, (ana, ben) = sure(shop, count=2), crowd(2)
    play, other = begun(of, ana), begun(of, ben)
    relay.drain()
    turn(play, ana)
    touched = topics.touched(StoredEvent.objects.filter(name="play.turned"))
    assert touched == {f"campaign:{of.pk}": ["play.turned"], f"play:{play.pk}": ["play.turned"]}
    phone = Client()
    phone.force_login(ben)
    page = phone.get(f"/play/{other.code}").content.decode()
    assert f'data-live="campaign:{of.pk}.' in page, (
        "not its own play alone: the stock is everybody's"
    )
