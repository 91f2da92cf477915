"""Mechanic 2.7: a code for friends, paid for on the first order that is kept."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.catalog.models import Shop, Variant
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid, NotFound
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key, address_keys
from tests.campaigns.scene import (
    DAY,
    SYSTEM,
    assert_sound,
    begun,
    campaign,
    coupon,
    crowd,
    join,
    somebody,
)
from tests.support import factories as make
from tests.web.studio.scene import client

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Shop:
    return make.shop()


@pytest.fixture
def item(shop: Shop) -> Variant:
    return make.variant(shop, stock=99)


def codes(shop: Shop, **values: Any) -> Campaign:
    usual = {
        "coupon": coupon(shop, title="welcome").pk,
        "thanks": coupon(shop, title="thanks", amount_off=1_000).pk,
        "hold_days": 7,
        "ends_at": clock.now() + 300 * DAY,
    }
    return campaign(shop, "referral", **usual | values)


def held(who: Account) -> list[str]:
    rows = CouponGrant.objects.filter(account=who, coupon__title__in=["welcome", "thanks"])
    return sorted(rows.values_list("coupon__title", flat=True))


def buys(item: Variant, who: Account) -> Order:
    order = Order.objects.get(checkout=make.pay(make.place((item, 1), buyer=who)))
    relay.drain()
    return order


def _buyer(order: Order) -> Actor:
    assert order.checkout.buyer is not None
    return make.actor(order.checkout.buyer)


def arrives(order: Order) -> None:
    owner = make.actor(order.shop.owner)
    orders.ship(actor=owner, order_id=order.pk, carrier="SF", tracking="1")
    orders.confirm_receipt(actor=_buyer(order), order_id=order.pk)
    relay.drain()


def days_later(days: float) -> None:
    with clock.at(clock.now() + days * DAY):
        campaigns.advance(actor=SYSTEM)


def test_both_gain_once_the_first_order_is_kept(shop: Shop, item: Variant) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop), ana)
    join(code, ben)
    assert (held(ana), held(ben)) == ([], ["welcome"])
    order = buys(item, ben)
    arrives(order)
    days_later(6)
    assert held(ana) == []
    days_later(7.5)
    assert held(ana) == ["thanks"]
    days_later(9)
    assert held(ana) == ["thanks"], "once"
    code.refresh_from_db()
    assert code.done == 1
    assert_sound()


def test_m07_refund_after_success_within_the_window_voids(shop: Shop, item: Variant) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop), ana)
    join(code, ben)
    order = buys(item, ben)
    orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="back")
    relay.drain()
    days_later(30)
    assert held(ana) == []
    assert Participation.objects.get(account=ben).data["reason"] == "refunded"
    arrives(buys(item, ben))
    days_later(8)
    assert held(ana) == ["thanks"], "another order counts instead"
    assert_sound()


def test_m07_expiry_a_first_order_after_the_window(shop: Shop, item: Variant) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop, days=90), ana)
    join(code, ben)
    with clock.at(clock.now() + 91 * DAY):
        bought = buys(item, ben)
    assert bought.discount_amount == 500, "the friend's discount is honoured"
    entered = Participation.objects.get(account=ben)
    assert (entered.state, entered.data["reason"]) == ("lost", "late")
    assert held(ana) == []


def test_m07_concurrent_last_slot_the_cap_is_exact(shop: Shop, item: Variant) -> None:
    ana, ben, cy = crowd(3)
    code = begun(codes(shop, most=1), ana)
    for who in (ben, cy):
        join(code, who)
        arrives(buys(item, who))
    days_later(8)
    assert held(ana) == ["thanks"]
    assert (held(ben), held(cy)) == (["welcome"], ["welcome"])
    assert Participation.objects.get(account=cy).data["reason"] == "cap"
    assert_sound()


def test_m07_self_assist(shop: Shop) -> None:
    ana = somebody()
    code = begun(codes(shop), ana)
    with pytest.raises(Refused, match="play_own"):
        join(code, ana)
    assert held(ana) == []


def test_m07_new_user_only_breach(shop: Shop, item: Variant) -> None:
    old = somebody()
    buys(item, old)
    code = begun(codes(shop), somebody())
    with pytest.raises(Refused, match="play_newcomers_only"):
        join(code, old)
    assert held(old) == []
    assert_sound()


def test_a_friend_enters_one_code_only(shop: Shop) -> None:
    of, ben = codes(shop), somebody()
    first, second = begun(of, somebody()), begun(of, somebody())
    join(first, ben)
    with pytest.raises(Refused, match="play_twice"):
        join(second, ben)
    assert held(ben) == ["welcome"]
    assert_sound()


def test_an_order_from_before_does_not_count(shop: Shop, item: Variant) -> None:
    ben = somebody()
    code = begun(codes(shop), somebody())
    waiting = make.place((item, 1), buyer=ben)
    join(code, ben)
    make.pay(waiting)
    relay.drain()
    assert Participation.objects.get(account=ben).order_id is None


def test_a_chosen_code_is_ones_own_once(shop: Shop) -> None:
    of = codes(shop)
    made = campaigns.begin(actor=make.actor(somebody()), code=of.code, given={"code": "lakeside"})
    assert made.code == "LAKESIDE"
    with pytest.raises(Invalid):
        campaigns.begin(actor=make.actor(somebody()), code=of.code, given={"code": "no way"})
    with pytest.raises(Invalid):
        campaigns.begin(actor=make.actor(somebody()), code=of.code, given={"code": "Lakeside"})
    assert Instance.objects.count() == 1


def test_f12_tree_cycle(shop: Shop) -> None:
    of, (ana, ben, cy, dee) = codes(shop), crowd(4)
    first, second, third = (begun(of, who) for who in (ana, ben, cy))
    join(first, ben)
    join(second, cy)
    with pytest.raises(Refused, match="play_cycle"):
        join(third, ana)
    with pytest.raises(Refused, match="play_cycle"):
        join(second, ana)
    join(third, dee)
    assert (held(ana), held(dee)) == ([], ["welcome"])
    assert_sound()


def lives_with(owner: Account) -> None:
    """Let a code's owner have bought something, to the address that everybody here has."""
    make.pay(make.place((make.variant(), 1), buyer=owner))
    relay.drain()


@pytest.mark.parametrize("rule", ["allowed", "held", "refused"])
def test_m07_self_assist_of_a_household_is_as_the_terms_say(
    shop: Shop, item: Variant, rule: str
) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop, household=rule), ana)
    lives_with(ana)
    join(code, ben)
    arrives(buys(item, ben))
    days_later(8)
    place = Participation.objects.get(account=ben)
    assert held(ben) == ["welcome"], "the friend keeps what they have"
    assert held(ana) == (["thanks"] if rule == "allowed" else [])
    reasons = {"allowed": None, "held": "held", "refused": "household"}
    states = {"allowed": "won", "held": "in", "refused": "lost"}
    assert (place.state, place.data.get("reason")) == (states[rule], reasons[rule])
    page = client(ana).get(f"/play/{code.code}").content.decode()
    assert ("1 friend has your address: somebody looks at it first." in page) == (rule == "held")
    assert ("does not count: the same person, or household." in page) == (rule == "refused")
    if rule == "held":
        moderator = make.actor(make.staff("moderation"))
        with pytest.raises(NotFound):
            campaigns.clear_place(actor=make.actor(ana), place_id=place.pk, reason="x")
        for _twice in range(2):
            campaigns.clear_place(actor=moderator, place_id=place.pk, reason="flatmates")
        days_later(9)
        assert held(ana) == ["thanks"]
    assert_sound()


def test_m07_self_assist_with_the_same_card_is_seen_when_it_is_paid(
    shop: Shop, item: Variant
) -> None:
    ana, again = crowd(2)
    code = begun(codes(shop, household="allowed"), ana)
    join(code, again)
    arrives(buys(item, again))
    for one in (ana, again):
        record(account_id=one.pk, keys=[Key(PAYMENT, "one card")], source="payment")
    days_later(8)
    place = Participation.objects.get(account=again)
    assert (held(ana), place.state, place.data["reason"]) == ([], "lost", "own")
    assert_sound()


def test_m07_who_is_known_to_live_there_is_refused_at_once(shop: Shop, item: Variant) -> None:
    ana, ben = crowd(2)
    lives_with(ana)
    record(account_id=ben.pk, keys=address_keys(make.ADDRESS)[1:], source="order")
    with pytest.raises(Refused, match="play_household"):
        join(begun(codes(shop, household="refused"), ana), ben)
    assert held(ben) == []
