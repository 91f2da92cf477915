"""Points: a step of the price, earned by what was kept, undone with what was not."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.catalog.models import Shop, Variant
from banyan.entitlements.actions import create_coupon, expire_points, set_points_terms
from banyan.entitlements.models import PointsLot, PointsPurse, PointsUse
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions.pointing import grant_for, ripen_due
from banyan.orders.models import Checkout, Order
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.pointed import give, points_of, purse_of
from tests.support.recount import recount

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("test")


def scene(*, price: int = 10_000, shipping: int = 0) -> tuple[Shop, Variant, Account]:
    shop = make.shop(shipping_amount=shipping)
    points_of(shop)
    return shop, make.variant(shop, price=price), make.member()


def quote(buyer: Account, *wanted: tuple[Variant, int], use: bool = True) -> orders.Quote:
    return orders.quote(
        actor=make.actor(buyer),
        lines=[orders.WantedLine(item.pk, n) for item, n in wanted],
        wishes=orders.Wishes(use_points=use),
    )


def test_points_take_off_their_worth_and_the_line_says_so() -> None:
    shop, item, buyer = scene(shipping=500)
    give(buyer, shop, 300)

    checkout = make.place((item, 1), buyer=buyer)

    assert checkout.total_amount == 10_000 - 300 + 500
    order = checkout.orders.get()
    assert {"step": "points", "amount": -300, "code": "", "funded_by": "shop"} in (
        order.lines.get().price
    )
    assert purse_of(buyer, shop) == (0, 0)
    use = PointsUse.objects.get()
    assert (use.state, use.points, use.amount, use.order_id) == ("reserved", 300, 300, order.pk)
    make.pay(checkout)
    use.refresh_from_db()
    assert use.state == "spent"
    assert recount() == {}
    assert verify().clean


def test_no_more_than_the_shops_part_of_the_goods_after_coupons() -> None:
    shop, item, buyer = scene()
    give(buyer, shop, 9_000)
    create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="Off",
        code="OFF",
        amount_off=2_000,
        cap=5,
    )

    checkout = make.place((item, 1), buyer=buyer, coupon="OFF")

    assert checkout.discount_amount == 2_000 + 4_000
    assert purse_of(buyer, shop) == (5_000, 0)


def test_whoever_wants_to_keep_them_keeps_them() -> None:
    shop, item, buyer = scene()
    give(buyer, shop, 300)

    shown = quote(buyer, (item, 1), use=False)

    assert shown.total.amount == 10_000
    assert [one.points for one in shown.points.offered] == [300]


def test_points_are_spent_in_their_own_shop_only_and_not_by_guests() -> None:
    shop, item, buyer = scene()
    give(buyer, shop, 300)
    other = make.variant(make.shop(), price=10_000)

    assert quote(buyer, (other, 1)).total.amount == 10_000
    assert quote(make.member(), (item, 1)).total.amount == 10_000
    assert make.place((item, 1)).total_amount == 10_000
    assert quote(buyer, (item, 1), (other, 1)).total.amount == 20_000 - 300


def test_fewer_points_than_shown_is_another_price_and_is_asked_again() -> None:
    shop, item, buyer = scene()
    give(buyer, shop, 300)
    shown = quote(buyer, (item, 1))
    make.place((item, 1), buyer=buyer)

    with pytest.raises(Conflict) as refused:
        orders.place(
            actor=make.actor(buyer),
            lines=[orders.WantedLine(item.pk, 1)],
            contact=orders.Contact(email="b@example.com"),
            address=make.ADDRESS,
            placement_key="again" * 5,
            provider="sandbox",
            agreement=shown.agreement.text(),
        )

    assert refused.value.code == "price_changed"
    assert refused.value.extra["changes"] == [
        {"what": "points", "id": str(shop.pk), "before": 300, "now": 0}
    ]
    assert Checkout.objects.count() == 1


def test_an_order_that_is_not_paid_gives_its_points_back() -> None:
    shop, item, buyer = scene()
    lot = give(buyer, shop, 300)
    checkout = make.place((item, 1), buyer=buyer)
    lot.refresh_from_db()
    assert lot.state == "spent"

    orders.cancel_checkout(actor=make.actor(buyer), checkout_id=checkout.pk)

    lot.refresh_from_db()
    assert (lot.state, lot.left) == ("available", 300)
    assert purse_of(buyer, shop) == (300, 0)
    assert PointsUse.objects.get().state == "released"
    orders.cancel_checkout(actor=make.actor(buyer), checkout_id=checkout.pk)
    assert purse_of(buyer, shop) == (300, 0)


def received(checkout: Checkout) -> Order:
    """Pay, send and receive an order."""
    order = make.pay(checkout).orders.get()
    relay.drain()
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="sf", tracking="1")
    buyer = order.checkout.buyer
    assert buyer is not None
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    relay.drain()
    order.refresh_from_db()
    return order


def test_what_was_bought_earns_points_that_thaw_after_the_return_window() -> None:
    shop, item, buyer = scene(shipping=700)
    order = received(make.place((item, 2), buyer=buyer))

    lot = PointsLot.objects.get()
    assert (lot.points, lot.state, lot.order_id) == (200, "granted", order.pk)
    assert purse_of(buyer, shop) == (0, 0)
    assert order.received_at is not None
    with clock.at(order.received_at + dt.timedelta(days=6, hours=23)):
        assert ripen_due(actor=SYSTEM) == 0
        assert quote(buyer, (item, 1)).total.amount == 10_700
    with clock.at(order.received_at + dt.timedelta(days=7)):
        assert ripen_due(actor=SYSTEM) == 1
        assert ripen_due(actor=SYSTEM) == 0
        assert purse_of(buyer, shop) == (200, 0)
        assert quote(buyer, (item, 1)).total.amount == 10_700 - 200


def test_points_wait_for_what_is_on_its_way_back() -> None:
    _shop, item, buyer = scene()
    order = received(make.place((item, 2), buyer=buyer))
    who = make.actor(buyer)
    asked = orders.ask_return(
        actor=who,
        order_id=order.pk,
        units={order.lines.get().pk: 1},
        reason="changed_mind",
        key="r",
    )
    with clock.at(clock.now() + dt.timedelta(days=8)):
        assert ripen_due(actor=SYSTEM) == 0
        orders.withdraw_return(actor=who, return_id=asked.pk)
        assert ripen_due(actor=SYSTEM) == 1


def test_a_shop_that_stopped_grants_none_and_takes_what_it_promised() -> None:
    shop, item, buyer = scene()
    give(buyer, shop, 300)
    points_of(shop, is_on=False)

    checkout = make.pay(make.place((item, 1), buyer=buyer))
    relay.drain()

    assert checkout.total_amount == 9_700
    assert PointsLot.objects.count() == 1


def test_a_refund_gives_points_back_in_proportion_and_takes_back_what_was_earned() -> None:
    shop, item, buyer = scene()
    give(buyer, shop, 400)
    order = make.pay(make.place((item, 2), buyer=buyer)).orders.get()
    relay.drain()
    lot = PointsLot.objects.get(order_id=order.pk)
    assert (lot.points, lot.left) == (196, 196)
    line = order.lines.get()

    orders.cancel_order(actor=make.actor(buyer), order_id=order.pk, key="half", units={line.pk: 1})

    assert purse_of(buyer, shop) == (200, 0)
    lot.refresh_from_db()
    assert (lot.left, lot.reversed) == (98, 98)
    orders.cancel_order(actor=make.actor(buyer), order_id=order.pk, key="rest")
    assert purse_of(buyer, shop) == (400, 0)
    lot.refresh_from_db()
    assert (lot.left, lot.reversed, lot.state) == (0, 196, "reversed")
    assert recount() == {}
    assert verify().clean


def test_a_refund_after_the_points_were_spent_leaves_the_member_owing_them() -> None:
    shop, item, buyer = scene()
    order = received(make.place((item, 2), buyer=buyer))
    with clock.at(clock.now() + dt.timedelta(days=7, hours=1)):
        ripen_due(actor=SYSTEM)
        second = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
        relay.drain()
        assert purse_of(buyer, shop) == (0, 0)

        orders.grant_refund(
            actor=make.actor(shop.owner),
            order_id=order.pk,
            amount=20_000,
            reason="broken",
            key="r",
        )

        assert purse_of(buyer, shop) == (0, 200)
        assert PointsPurse.objects.get().balance == -200
        # The next earnings are netted, and so is what comes back of the second order.
        orders.cancel_order(actor=make.actor(buyer), order_id=second.pk, key="c")
        assert purse_of(buyer, shop) == (0, 0)


def test_order_paid_again_grants_once() -> None:
    _, item, buyer = scene()
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
    relay.drain()

    grant_for(actor=SYSTEM, order_id=order.pk, shop_id=order.shop_id)
    grant_for(actor=SYSTEM, order_id=order.pk, shop_id=order.shop_id)

    assert list(PointsLot.objects.values_list("order_id", "points")) == [(order.pk, 100)]


def test_points_run_out_by_the_clock_and_the_sooner_ones_are_spent_first() -> None:
    shop, item, buyer = scene()
    late, soon = give(buyer, shop, 100, days=30), give(buyer, shop, 100, days=2)
    points_of(shop, most_percent=1)
    cheap = make.variant(shop, price=5_000)

    make.pay(make.place((cheap, 1), buyer=buyer))

    soon.refresh_from_db()
    late.refresh_from_db()
    assert (soon.left, late.left) == (50, 100)
    with clock.at(clock.now() + dt.timedelta(days=2)):
        # The job was not there yet, and they are not offered all the same.
        assert [one.points for one in quote(buyer, (item, 9)).points.offered] == [100]
        assert expire_points(actor=SYSTEM) == 1
        assert expire_points(actor=SYSTEM) == 0
    soon.refresh_from_db()
    assert (soon.state, soon.left, soon.expired) == ("expired", 0, 50)
    assert purse_of(buyer, shop) == (100, 0)


def test_terms_are_for_the_shops_managers_and_a_worth_that_was_promised_stays() -> None:
    shop, _, buyer = scene()
    give(buyer, shop, 1)

    with pytest.raises(Invalid) as wrong:
        points_of(shop, most_percent=91, earn=0)
    assert set(wrong.value.fields) == {"most_percent", "earn"}
    with pytest.raises(Conflict) as promised:
        points_of(shop, worth=2)
    assert promised.value.code == "points_promised"
    assert points_of(shop, earn=3).version == 3
    with pytest.raises(NotFound):
        set_points_terms(
            actor=make.actor(buyer),
            shop_id=shop.pk,
            is_on=True,
            earn=1,
            worth=1,
            most_percent=1,
            life_days=1,
        )
