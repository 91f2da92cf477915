"""Mechanic 2.4: a bargain."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from banyan.campaigns import actions as campaigns
from banyan.campaigns import verifier
from banyan.campaigns.models import Campaign, Contribution, Instance
from banyan.campaigns.problems import Refused
from banyan.campaigns.proofs import proof_file
from banyan.catalog.models import Variant
from banyan.entitlements.costs import given_coupons
from banyan.entitlements.models import Grant as CouponGrant
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock, relay
from banyan.kernel.problems import Invalid, NotFound
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order
from tests.campaigns.phones import Phone
from tests.campaigns.scene import (
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    crowd,
    help_,
    later,
    somebody,
)
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=9)


def bargains(item: Variant, **values: Any) -> Campaign:
    values = {"variant": item.pk, "floor": 4_000, "people": 3} | values
    return campaign(item.product.shop, "bargain", **values)


def test_three_friends_bring_it_to_the_floor_and_its_owner_buys(item: Variant) -> None:
    ana = somebody()
    bargain = begun(bargains(item), ana)
    for who in crowd(3):
        help_(bargain, who)
    bargain.refresh_from_db()
    assert (bargain.state, bargain.amount, bargain.taken) == ("ready", 4_000, 3)
    assert [one.amount for one in Contribution.objects.order_by("nth")] == [2_000] * 3
    bought = make.pay(make.place((item, 1), buyer=ana))
    assert bought.total_amount == 4_000
    bargain.refresh_from_db()
    assert bargain.state == "bought"
    assert all(verifier.verify(proof_file(bargain)).values())
    campaigns.settle_orders(actor=SYSTEM)
    assert_sound()
    assert recount() == {}
    assert verify().clean


@pytest.mark.parametrize("pot", [{}, {"pot": 2_000, "bonus": 500}])
def test_helping_costs_ten_statements_at_most(item: Variant, pot: dict[str, int]) -> None:
    bargain = begun(bargains(item, people=5, **pot), somebody())
    help_(bargain, somebody())
    who = make.actor(somebody())
    with CaptureQueriesContext(connection) as seen:
        campaigns.play(actor=who, code=bargain.code, verb="help")
    asked = [one["sql"] for one in seen if "SAVEPOINT" not in one["sql"]]
    assert len(asked) <= 10, "\n".join(asked)


def test_m04_expiry(item: Variant) -> None:
    ana = somebody()
    bargain = begun(bargains(item), ana)
    help_(bargain, somebody())
    later(bargain)
    assert bargain.state == "expired"
    assert not PriceRight.objects.exists()
    with pytest.raises(Refused, match="play_over"):
        help_(bargain, somebody())
    assert_sound()


def test_f08_a_helper_one_second_after_the_end_is_refused(item: Variant) -> None:
    bargain = begun(bargains(item), somebody())
    with clock.at(bargain.deadline - SECOND):
        help_(bargain, somebody())
    with clock.at(bargain.deadline + SECOND), pytest.raises(Refused, match="play_over"):
        help_(bargain, somebody())
    with clock.at(bargain.deadline), pytest.raises(Refused, match="play_over"):
        help_(bargain, somebody())


def test_f20_unlimited_help(item: Variant) -> None:
    of = bargains(item, per_day=2)
    ben = somebody()
    for who in crowd(2):
        help_(begun(of, who), ben)
    third = begun(of, somebody())
    with pytest.raises(Refused, match="play_quota"):
        help_(third, ben)
    third.refresh_from_db()
    assert third.taken == 0
    assert_sound()


def test_a_helper_comes_back_tomorrow_by_the_date_of_the_shop(item: Variant) -> None:
    shop = item.product.shop
    shop.timezone = "Asia/Shanghai"
    shop.save()
    noon = clock.now().replace(hour=4) + dt.timedelta(days=1)
    with clock.at(noon):
        of = bargains(item, per_day=1, hours=72, ends_at=noon + dt.timedelta(days=4))
        ben, (one, two, three) = somebody(), [begun(of, who) for who in crowd(3)]
        help_(one, ben)
    with clock.at(noon.replace(hour=15, minute=59)), pytest.raises(Refused, match="play_quota"):
        help_(two, ben)
    midnight = noon.replace(hour=16, minute=0, second=0)
    with clock.at(midnight):
        help_(two, ben)
    # The day of UTC that begins meanwhile is no new one there.
    with clock.at(midnight + dt.timedelta(hours=9)), pytest.raises(Refused, match="play_quota"):
        help_(three, ben)


def test_m04_self_assist(item: Variant) -> None:
    ana = somebody()
    bargain = begun(bargains(item), ana)
    with pytest.raises(Refused, match="play_own"):
        help_(bargain, ana)
    assert_sound()


def test_m04_partial_fill(item: Variant) -> None:
    ana, ben = crowd(2)
    bargain = begun(bargains(item), ana)
    help_(bargain, ben)
    done = campaigns.play(actor=make.actor(ana), code=bargain.code, verb="redeem")
    assert done.next_url == f"/checkout?variant={item.pk}&n=1"
    assert make.pay(make.place((item, 1), buyer=ana)).total_amount == 8_000
    with pytest.raises(Refused):
        help_(bargain, somebody())
    assert_sound()


def test_a_price_that_changes_meanwhile_changes_no_bargain(item: Variant) -> None:
    ana = somebody()
    bargain = begun(bargains(item), ana)
    Variant.objects.filter(pk=item.pk).update(price_amount=20_000)
    for who in crowd(3):
        help_(bargain, who)
    assert make.place((item, 1), buyer=ana).total_amount == 4_000


def test_what_is_not_ordered_in_time_is_over(item: Variant) -> None:
    ana = somebody()
    bargain = begun(bargains(item, pay_hours=1), ana)
    for who in crowd(3):
        help_(bargain, who)
    bargain.refresh_from_db()
    later(bargain)
    assert bargain.state == "lapsed"
    assert PriceRight.objects.get().state in {"expired", "revoked"}
    assert_sound()


def test_the_proof_is_for_when_it_is_over(item: Variant) -> None:
    ana = somebody()
    bargain = begun(bargains(item, shape="line-cut/1"), ana)
    with pytest.raises(NotFound):
        proof_file(bargain)
    campaigns.play(actor=make.actor(ana), code=bargain.code, verb="withdraw")
    bargain.refresh_from_db()
    assert bargain.state == "cancelled"
    assert all(verifier.verify(proof_file(bargain)).values())
    assert_sound()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"floor": 10_000}, "floor"),
        ({"floor": 9_999, "people": 2}, "floor"),
        ({"people": 0}, "people"),
        ({"shape": "odd"}, "shape"),
    ],
)
def test_a_bargain_without_something_to_cut_is_refused(
    item: Variant, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        bargains(item, **values)
    assert field in refused.value.fields


def test_m04_refund_after_success(item: Variant) -> None:
    ana = somebody()
    of = bargains(item)
    bargain, before = begun(of, ana), make.stock_of(item).free
    for who in crowd(3):
        help_(bargain, who)
    bought = Order.objects.get(checkout=make.pay(make.place((item, 1), buyer=ana)))
    orders.undo_orders(actor=SYSTEM, order_ids=[bought.pk], reason="wanted")
    relay.drain()
    bargain.refresh_from_db()
    assert (bargain.state, make.stock_of(item).free) == ("bought", before)
    assert begun(of, ana) == bargain, "the cuts are used up"
    assert make.place((item, 1), buyer=ana).total_amount == 10_000
    assert_sound()


def test_a_new_friend_takes_a_bonus_out_of_a_pot_of_its_own(item: Variant) -> None:
    ana = somebody()
    bargain = begun(bargains(item, people=3, pot=1_500, bonus=1_000), ana)
    friends = [Phone(one) for one in crowd(3)]
    assert "10.00 more, out of a pot of its own" in friends[0].look(f"/play/{bargain.code}")
    rules = friends[0].look(f"/campaign/{bargain.campaign.code}/rules")
    assert "takes off CN¥10.00 more, out of a pot of CN¥15.00." in rules
    for one in friends:
        one.act(f"/play/{bargain.code}", "help")
    bargain.refresh_from_db()
    cuts = [one.amount for one in Contribution.objects.order_by("nth")]
    assert cuts == [3_000, 2_500, 2_000], "the last of the pot is smaller, and then it is empty"
    assert (bargain.amount, bargain.public["pot"]) == (2_500, 0)
    assert make.pay(make.place((item, 1), buyer=ana)).total_amount == 2_500
    assert all(verifier.verify(proof_file(Instance.objects.get())).values())
    assert_sound()


def test_m04_new_user_only_breach(item: Variant) -> None:
    ana, ben = crowd(2)
    make.pay(make.place((item, 1), buyer=ben))
    bargain = begun(bargains(item, people=3, pot=1_500, bonus=1_000), ana)
    help_(bargain, ben)
    bargain.refresh_from_db()
    assert (bargain.amount, bargain.public["pot"]) == (8_000, 1_500), "the pot is not used"
    assert_sound()


@pytest.mark.parametrize("values", [{"pot": 500}, {"pot": 500, "bonus": 600}, {"bonus": 5}])
def test_a_pot_needs_a_bonus_within_it(item: Variant, values: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        bargains(item, **values)
    with pytest.raises(Invalid) as refused:
        bargains(item, pot=4_001, bonus=1)
    assert list(refused.value.fields) == ["pot"]


def test_landing_in_a_coupon_it_is_the_difference_for_that_thing_alone(item: Variant) -> None:
    ana, other = somebody(), make.variant(item.product.shop, price=9_000, stock=3)
    bargain = begun(bargains(item, landing="coupon", pay_hours=48), ana)
    ended = bargain.opened_at
    for who in crowd(3):
        help_(bargain, who)
    bargain.refresh_from_db()
    assert (bargain.state, bargain.ended_at is not None) == ("given", True)
    held = CouponGrant.objects.get(account=ana)
    assert held.expires_at is not None
    assert held.expires_at >= ended + dt.timedelta(hours=48)
    assert "A coupon is yours" in Phone(ana).look(f"/play/{bargain.code}")
    assert make.place((other, 1), buyer=ana).total_amount == 9_000, "for this thing alone"
    assert make.pay(make.place((item, 1), buyer=ana)).total_amount == 4_000
    assert make.place((item, 1), buyer=ana).total_amount == 10_000, "once"
    assert given_coupons(item.product.shop_id) == [], "nothing for the shop to choose"
    assert not PriceRight.objects.exists()
    assert_sound()
    assert recount() == {}


def test_a_bargain_for_a_coupon_can_stop_early_once_there_is_a_cut(item: Variant) -> None:
    ana, ben = crowd(2)
    bargain = begun(bargains(item, landing="coupon"), ana)
    with pytest.raises(Refused, match="play_not_offered"):
        campaigns.play(actor=make.actor(ana), code=bargain.code, verb="redeem")
    help_(bargain, ben)
    done = campaigns.play(actor=make.actor(ana), code=bargain.code, verb="redeem")
    assert done.next_url == "", "a coupon is for later"
    assert make.place((item, 1), buyer=ana).total_amount == 8_000
    assert_sound()
