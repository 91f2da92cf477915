"""Packs that come with an order or once a day; what becomes of them when the order goes back."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.blocks import Note
from banyan.campaigns.honour import blocks_of
from banyan.campaigns.models import Campaign, Instance
from banyan.campaigns.problems import Refused
from banyan.campaigns.queries import brought_by, shown
from banyan.catalog.models import Variant
from banyan.entitlements.models import Grant as CouponGrant
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import NotFound
from banyan.notify.models import Notification
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
    join,
    later,
    somebody,
)
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    return make.variant(price=10_000, stock=99)


def packs(item: Variant, **values: Any) -> Campaign:
    shop = item.product.shop
    usual: dict[str, Any] = {
        "coupon": coupon(shop).pk,
        "places": 3,
        "sender": -1,
        "starts": "order",
        "least": 5_000,
        "ends_at": clock.now() + 30 * DAY,
    }
    return campaign(shop, "coupon_pack", **usual | values)


def bought(item: Variant, who: Account, n: int = 1) -> Order:
    order = Order.objects.get(checkout=make.pay(make.place((item, n), buyer=who)))
    relay.drain()
    return order


def opened(of: Campaign, who: Account, order: Order) -> Instance:
    return campaigns.begin(actor=make.actor(who), code=of.code, given={"order": str(order.pk)})


def goes_back(order: Order, amount: int | None = None) -> None:
    if amount is None:
        orders.undo_orders(actor=SYSTEM, order_ids=[order.pk], reason="back")
    else:
        orders.grant_refund(
            actor=make.actor(order.shop.owner),
            order_id=order.pk,
            amount=amount,
            reason="Broken",
            key=f"back:{amount}",
        )
    relay.drain()


def test_a_paid_order_brings_its_buyer_one_pack_that_is_begun_when_it_is_opened(
    item: Variant,
) -> None:
    of, ana = packs(item), somebody()
    order = bought(item, ana)
    assert brought_by([order], buyer_id=ana.pk)[order.pk].play is None
    told = Notification.objects.get(recipient=ana, kind="campaign.brought")
    assert told.url == f"/campaign/{of.code}?order={order.pk}"
    assert not Instance.objects.exists(), "nothing is promised before"

    pack = opened(of, ana, order)
    assert opened(of, ana, order) == pack, "once for each order"
    assert brought_by([order], buyer_id=ana.pk)[order.pk].play == pack
    join(pack, somebody())
    second = bought(item, ana)
    assert opened(of, ana, second) != pack
    assert Instance.objects.count() == 2
    assert_sound()


def test_an_order_brings_one_pack_in_all(item: Variant) -> None:
    first, second = packs(item), packs(item)
    ana = somebody()
    order = bought(item, ana)
    opened(first, ana, order)
    with pytest.raises(Refused, match="play_once"):
        opened(second, ana, order)
    assert Instance.objects.count() == 1
    assert_sound()


def test_an_order_that_brings_none_is_refused(item: Variant) -> None:
    of, (ana, ben) = packs(item, order_days=7), crowd(2)
    unpaid = Order.objects.get(checkout=make.place((item, 1), buyer=ana))
    elsewhere = bought(make.variant(price=10_000, stock=9), ana)
    small = bought(make.variant(item.product.shop, price=4_999, stock=9), ana)
    good, stale = bought(item, ana), bought(item, ana)
    Order.objects.filter(pk=stale.pk).update(paid_at=of.starts_at - HOUR)
    stale.refresh_from_db()
    for order in (unpaid, elsewhere, small, stale):
        with pytest.raises(Refused, match="play_order"):
            opened(of, ana, order)
    with pytest.raises(Refused, match="play_order"):
        begun(of, ana)
    with pytest.raises(NotFound):
        opened(of, ben, good)
    with clock.at(clock.now() + 8 * DAY), pytest.raises(Refused, match="play_order"):
        opened(of, ana, good)
    found = brought_by([unpaid, elsewhere, small, stale, good], buyer_id=ana.pk)
    assert set(found) == {good.pk}
    assert not Instance.objects.exists()


def test_who_has_had_all_their_packs_is_offered_no_more(item: Variant) -> None:
    of, ana = packs(item, packs=1), somebody()
    opened(of, ana, bought(item, ana))
    more = bought(item, ana)
    assert brought_by([more], buyer_id=ana.pk) == {}
    with pytest.raises(Refused, match="play_turns"):
        opened(of, ana, more)
    assert_sound()


def test_m01_refund_after_success(item: Variant) -> None:
    of, (ana, ben, cy) = packs(item), crowd(3)
    order = bought(item, ana)
    pack = opened(of, ana, order)
    join(pack, ben)
    goes_back(order)

    pack.refresh_from_db()
    of.refresh_from_db()
    assert (pack.state, pack.taken) == ("stopped", 1)
    assert (of.reserved, of.spent) == (0, 500), "what was given is its cost, the rest is free"
    with pytest.raises(Refused, match="play_over"):
        join(pack, cy)
    held = CouponGrant.objects.get(account=ben)
    assert held.state == "held", "what was given stays"
    assert not CouponGrant.objects.filter(account=cy).exists()
    with pytest.raises(Refused, match="play_order"):
        opened(packs(item), ana, order)
    assert_sound()


def test_a_pack_stops_when_less_than_was_asked_for_is_left_of_its_order(item: Variant) -> None:
    of, ana = packs(item), somebody()
    order = bought(item, ana)
    pack = opened(of, ana, order)
    goes_back(order, 4_000)
    pack.refresh_from_db()
    assert pack.state == "open", "6,000 are left of 10,000, and 5,000 are enough"
    goes_back(order, 2_000)
    pack.refresh_from_db()
    assert pack.state == "stopped"
    assert_sound()


def test_a_pack_that_is_drained_stays_drained(item: Variant) -> None:
    of, ana = packs(item, places=2), somebody()
    order = bought(item, ana)
    pack = opened(of, ana, order)
    for who in crowd(2):
        join(pack, who)
    goes_back(order)
    pack.refresh_from_db()
    assert (pack.state, pack.spent) == ("drained", 1_000)
    assert_sound()


def test_one_pack_a_day_by_the_date_of_the_shop(item: Variant) -> None:
    item.product.shop.timezone = "Asia/Shanghai"
    item.product.shop.save(update_fields=["timezone"])
    ana, ben = crowd(2)
    day = (clock.now() + DAY).replace(hour=15, minute=30, second=0, microsecond=0)
    of = packs(item, starts="day")
    with clock.at(day):  # 23:30 there
        first = begun(of, ana)
        assert begun(of, ana) == first
        assert begun(of, ben) != first, "each has their own"
    with clock.at(day + HOUR):  # half an hour past midnight
        second = begun(of, ana)
        assert second != first
    with clock.at(day + HOUR + dt.timedelta(hours=23)):
        assert begun(of, ana) == second
    assert Instance.objects.filter(owner=ana).count() == 2
    assert_sound()


# -- places kept for visitors ----------------------------------------------------------------------


def kept(pack: Instance) -> str:
    return campaigns.keep_place(actor=Actor.guest(), code=pack.code).key


def joins(pack: Instance, who: Account, key: str) -> Any:
    return join(pack, who, given={"kept": key})


@pytest.fixture
def pack(item: Variant) -> Instance:
    return begun(packs(item, starts="hand", sender=3), somebody())


def test_a_visitors_place_waits_for_them_while_others_come(pack: Instance) -> None:
    ana, ben, cy, dee = crowd(4)
    key = kept(pack)
    join(pack, ana)
    join(pack, ben)
    with pytest.raises(Refused, match="play_held"):
        join(pack, cy)
    pack.refresh_from_db()
    assert (pack.state, pack.taken, pack.held) == ("open", 3, 1)
    assert not CouponGrant.objects.filter(account=pack.owner).exists(), "two friends are not three"
    assert_sound()

    assert joins(pack, dee, key).mine.place == 3
    pack.refresh_from_db()
    assert (pack.state, pack.taken, pack.held) == ("drained", 3, 0)
    assert CouponGrant.objects.filter(account=pack.owner).count() == 1
    with pytest.raises(Refused, match="play_drained"):
        joins(pack, cy, key)
    assert_sound()


def test_a_place_that_nobody_came_for_is_free_after_ten_minutes(pack: Instance) -> None:
    key, (ana, ben, cy) = kept(pack), crowd(3)
    join(pack, ana)
    join(pack, ben)
    at = clock.now() + dt.timedelta(minutes=10)
    with clock.at(at - dt.timedelta(seconds=1)):
        assert campaigns.free_places(actor=SYSTEM) == 0
    with clock.at(at):
        with pytest.raises(Refused, match="play_held"):
            joins(pack, cy, key)
        assert campaigns.free_places(actor=SYSTEM) == 1
        assert campaigns.free_places(actor=SYSTEM) == 0
        assert join(pack, cy).mine.place == 3
    pack.refresh_from_db()
    assert (pack.state, pack.held) == ("drained", 0)
    assert_sound()


def test_taps_of_visitors_alone_never_keep_more_than_half(pack: Instance) -> None:
    kept(pack)
    kept(pack)
    with pytest.raises(Refused, match="play_held"):
        kept(pack)
    join(pack, somebody())
    goes = later(pack)
    assert (goes.state, goes.taken, goes.held) == ("expired", 3, 2)
    with clock.at(pack.deadline):
        assert campaigns.free_places(actor=SYSTEM) == 2
    goes.refresh_from_db()
    assert (goes.taken, goes.held) == (1, 0)
    assert_sound()


def test_no_place_is_kept_where_the_mechanic_keeps_none(item: Variant) -> None:
    shop = item.product.shop
    likes = begun(campaign(shop, "like_collection", coupon=coupon(shop).pk, likes=3), somebody())
    with pytest.raises(Refused, match="play_not_offered"):
        kept(likes)


def test_a_template_that_is_used_up_is_followed_by_the_declared_one_and_said(item: Variant) -> None:
    shop = item.product.shop
    few, plain = coupon(shop, title="few", cap=1), coupon(shop, title="plain")
    made = begun(packs(item, starts="hand", coupon=few.pk, instead=plain.pk), somebody())
    ana, ben = crowd(2)
    join(made, ana)
    join(made, ben)
    said = "The first coupon was used up, so you have the one that was declared instead."
    for who, told in ((ana, False), (ben, True)):
        actor = make.actor(who)
        notes = [b for b in blocks_of(shown(actor, made)) if isinstance(b, Note)]
        assert (said in [one.text for one in notes]) is told
