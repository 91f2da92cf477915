"""Mechanic 2.7: a code for friends, paid for on the first order that is kept."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.blocks import Note
from banyan.campaigns.honour import blocks_of
from banyan.campaigns.models import Campaign, Instance, Participation
from banyan.campaigns.problems import Refused
from banyan.campaigns.queries import shown
from banyan.catalog.models import Shop, Variant
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Invalid
from banyan.notify.models import Notification
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account
from banyan.trust.actions import record
from banyan.trust.rules import PAYMENT, Key
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


def test_an_order_that_cost_nothing_leaves_it_to_the_first_that_is_paid(
    shop: Shop, item: Variant
) -> None:
    ana, ben = crowd(2)
    free = coupon(shop, title="welcome", amount_off=item.price_amount)
    code = begun(codes(shop, coupon=free.pk), ana)
    join(code, ben)
    gift = make.place((item, 1), buyer=ben)
    assert (gift.total_amount, gift.state) == (0, "paid")
    relay.drain()

    arrives(buys(item, ben))
    days_later(8)

    assert "thanks" in held(ana)
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


def test_within_the_grace_a_first_order_counts_though_the_code_came_after_it(
    shop: Shop, item: Variant
) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop, grace_hours=24), ana)
    order = buys(item, ben)
    with clock.at(clock.now() + 0.9 * DAY):
        join(code, ben)
        campaigns.advance(actor=SYSTEM)
    assert held(ben) == ["welcome"]
    assert Participation.objects.get(account=ben).order_id == order.pk
    arrives(order)
    days_later(6)
    assert held(ana) == []
    days_later(7.5)
    assert held(ana) == ["thanks"]
    days_later(9)
    assert held(ana) == ["thanks"], "once"
    assert_sound()


def test_within_the_grace_an_order_that_arrived_already_is_waited_for_as_long(
    shop: Shop, item: Variant
) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop, grace_hours=24), ana)
    arrives(buys(item, ben))
    with clock.at(clock.now() + 0.9 * DAY):
        join(code, ben)
    days_later(6)
    assert held(ana) == []
    days_later(7.5)
    assert held(ana) == ["thanks"], "from its arrival, not from the code"


def test_within_the_grace_an_order_that_went_back_counts_no_more(shop: Shop, item: Variant) -> None:
    ana, ben, cy = crowd(3)
    code = begun(codes(shop, grace_hours=24), ana)
    order, early = buys(item, ben), buys(item, cy)
    orders.undo_orders(actor=SYSTEM, order_ids=[early.pk], reason="back")
    for who in (ben, cy):  # whose order went back before it was sent is new again
        join(code, who)
    orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="back")
    relay.drain()
    days_later(30)
    assert held(ana) == []
    assert Participation.objects.get(account=ben).data["reason"] == "refunded"
    arrives(buys(item, ben))
    days_later(8)
    assert held(ana) == ["thanks"], "another order counts instead"
    assert_sound()


def test_after_the_grace_or_with_an_order_elsewhere_nobody_is_new(
    shop: Shop, item: Variant
) -> None:
    late, stranger, old = crowd(3)
    code = begun(codes(shop, grace_hours=24), somebody())
    buys(make.variant(make.shop(), stock=9), stranger)
    with pytest.raises(Refused, match="play_newcomers_only"):
        join(code, stranger)
    for who in (late, old):
        buys(item, who)
    with clock.at(clock.now() + DAY * 1.1):
        buys(item, old)
        for who in (late, old):
            with pytest.raises(Refused, match="play_newcomers_only"):
                join(code, who)
    assert not Participation.objects.filter(role="friend").exists()


def test_a_second_account_has_no_grace_for_what_the_first_has_bought(
    shop: Shop, item: Variant
) -> None:
    ben, again = crowd(2)
    code = begun(codes(shop, grace_hours=24), somebody())
    for one in (ben, again):
        record(account_id=one.pk, keys=[Key(PAYMENT, "card")], source="test")
    buys(item, ben)
    with pytest.raises(Refused, match="play_newcomers_only"):
        join(code, again)


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


def test_thanks_beyond_those_of_thirty_days_wait_and_are_given_later(
    shop: Shop, item: Variant
) -> None:
    of = codes(shop, per_month=1, hold_days=0, ends_at=clock.now() + 90 * DAY)
    code, friends = begun(of, owner := somebody()), crowd(3)
    for friend in friends:
        join(code, friend)
        arrives(buys(item, friend))
    days_later(1)
    assert held(owner) == ["thanks"]
    assert "2 friends have qualified; thanks for them wait for a later month." in notes(code, owner)
    days_later(20)
    assert held(owner) == ["thanks"]
    days_later(32)
    assert held(owner) == ["thanks"] * 2
    days_later(91)
    assert held(owner) == ["thanks"] * 3, "at the end nothing waits any more"
    assert_sound()


# -- the friend's order goes back after the thanks -------------------------------------------------


def goes_back(order: Order, amount: int | None = None) -> None:
    """Refund an order that has arrived, all of it or a part."""
    order.refresh_from_db()
    orders.grant_refund(
        actor=make.actor(order.shop.owner),
        order_id=order.pk,
        amount=order.total_amount if amount is None else amount,
        reason="Broken",
        key=f"back:{order.pk}:{amount}",
    )
    relay.drain()


def thanked(code: Instance, item: Variant, friend: Account) -> Order:
    """A friend enters the code, buys, and keeps it: the owner is thanked."""
    join(code, friend)
    order = buys(item, friend)
    arrives(order)
    days_later(8)
    return order


def states(who: Account) -> list[str]:
    rows = CouponGrant.objects.filter(account=who, coupon__title="thanks").order_by("id")
    return list(rows.values_list("state", flat=True))


def notes(code: Instance, who: Account) -> str:
    rows = blocks_of(shown(make.actor(who), Instance.objects.get(pk=code.pk)))
    return " ".join(one.text for one in rows if isinstance(one, Note))


def test_m07_refund_after_success_later_takes_unused_thanks_back(shop: Shop, item: Variant) -> None:
    ana, ben, cy = crowd(3)
    code = begun(codes(shop, most=1), ana)
    order = thanked(code, item, ben)
    assert states(ana) == ["held"]
    before = Instance.objects.get(pk=code.pk).spent
    goes_back(order)

    code.refresh_from_db()
    assert states(ana) == ["revoked"]
    assert (code.done, code.spent) == (0, before - 1_000), "its money is free again"
    assert Participation.objects.get(account=ben).state == "reversed"
    assert "The order of 1 friend went back later" in notes(code, ana)
    assert Notification.objects.filter(recipient=ana, kind="campaign.taken_back").exists()
    assert StoredEvent.objects.filter(name="coupon.revoked").count() == 1
    campaigns.follow(actor=SYSTEM, order_id=order.pk, hook="refunded")
    assert states(ana) == ["revoked"], "told twice, done once"
    thanked(code, item, cy)
    assert states(ana) == ["revoked", "held"], "there are thanks for one friend again"
    assert_sound()


def test_m07_refund_after_success_later_a_used_one_is_netted(shop: Shop, item: Variant) -> None:
    ana, ben, cy, dee = crowd(4)
    code = begun(codes(shop, household="allowed"), ana)
    order = thanked(code, item, ben)
    buys(item, ana)
    assert states(ana) == ["redeemed"]
    goes_back(order)

    code.refresh_from_db()
    assert (states(ana), code.done) == (["redeemed"], 0)
    assert "You have used 1 coupon of these: the next friend settles it." in notes(code, ana)
    assert Notification.objects.filter(recipient=ana, kind="campaign.owed").exists()

    settling = thanked(code, item, cy)
    code.refresh_from_db()
    assert (states(ana), code.done) == (["redeemed"], 1), "one friend, one coupon"
    assert "settles" not in notes(code, ana)
    goes_back(settling)
    assert "You have used 1 coupon of these" in notes(code, ana), "owed again"
    thanked(code, item, dee)
    assert (states(ana), code.done) == (["redeemed"], 1)
    assert_sound()


def test_m07_refund_after_success_of_a_part_counts_when_too_little_is_left(
    shop: Shop, item: Variant
) -> None:
    ana, ben = crowd(2)
    code = begun(codes(shop, least=item.price_amount // 2), ana)
    order = thanked(code, item, ben)
    goes_back(order, 1)
    assert states(ana) == ["held"]
    goes_back(order, order.total_amount // 2)
    assert states(ana) == ["revoked"]
    assert_sound()


def test_m07_refund_after_success_when_the_code_is_closed(shop: Shop, item: Variant) -> None:
    ana, ben = crowd(2)
    of = codes(shop, most=2)
    code = begun(of, ana)
    order = thanked(code, item, ben)
    with clock.at(code.deadline):
        campaigns.advance(actor=SYSTEM)
    code.refresh_from_db()
    of.refresh_from_db()
    assert (code.state, of.reserved, of.spent) == ("closed", 0, code.spent)
    goes_back(order)
    of.refresh_from_db()
    assert (states(ana), of.reserved, of.spent) == (["revoked"], 0, code.spent - 1_000)
    assert_sound()
