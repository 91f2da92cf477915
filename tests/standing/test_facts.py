"""A shop is judged by what it did: not by what buyers or the platform took back by themselves."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import OperationalError

from banyan.catalog.models import Shop
from banyan.delivery import actions as delivery
from banyan.delivery.models import LicenceKey
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.orders import actions as orders
from banyan.orders.actions import give_back_difference, undo_orders
from banyan.orders.actions.cancelling import cancel_unsent
from banyan.orders.actions.handover import refund_missing
from banyan.orders.models import Order, OrderLine
from banyan.standing.actions import count_all, counting
from banyan.standing.queries import Standing, standing_of
from tests.delivery import goods
from tests.orders.group import forming, join
from tests.support import factories as make

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("test")


def paid(variant, n: int = 1) -> list[Order]:  # type: ignore[no-untyped-def]
    return [make.pay(make.place((variant, 1))).orders.get() for _ in range(n)]


def cancelled(order: Order, units: dict[int, int] | None = None) -> None:
    orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        key=f"c{order.pk}",
        units=units,
        access_token=order.checkout.access_token,
    )


def test_cancelling_before_it_is_sent_is_free_and_nobodys_fault() -> None:
    item = make.variant(stock=20)
    made = paid(item, 8)
    owner = make.actor(item.product.shop.owner)
    for order in made[:6]:
        orders.ship(actor=owner, order_id=order.pk, carrier="Post")
    for order in made[6:]:
        cancelled(order)

    found = standing_of(item.product.shop_id)

    assert found.facts.refunds == ()
    assert found.facts.orders == 6, "and it dilutes nothing either"
    assert found.verdict.state == "good"


def test_nor_is_a_wish_for_money_that_the_cancelling_answered() -> None:
    (order,) = paid(make.variant())
    asked = orders.ask_refund(
        actor=Actor.guest(),
        order_id=order.pk,
        amount=10_000,
        reason="I found another",
        key="a",
        access_token=order.checkout.access_token,
    )
    cancelled(order)
    asked.refresh_from_db()
    assert asked.state == "withdrawn"

    facts = standing_of(order.shop_id).facts

    assert (facts.refunds, facts.orders) == ((), 0)


def test_what_a_shops_own_people_buy_dilutes_nothing() -> None:
    item = make.variant(stock=20)
    paid(item, 2)
    for _each in range(10):
        make.pay(make.place((item, 1), buyer=item.product.shop.owner))

    assert standing_of(item.product.shop_id).facts.orders == 2


def test_what_the_shop_gives_back_cancels_or_does_not_have_counts() -> None:
    shop = make.shop()
    item, key = make.variant(shop, stock=20), goods.keyed(n=1, of=shop)
    granted, unsent, fine = paid(item, 3)
    owner = make.actor(shop.owner)
    orders.ship(actor=owner, order_id=granted.pk, carrier="Post")
    orders.grant_refund(actor=owner, order_id=granted.pk, amount=100, reason="late", key="g")
    cancel_unsent(
        actor=owner,
        order_id=unsent.pk,
        line_ids=[line.pk for line in unsent.lines.all()],
        reason="broken",
        key="u",
    )
    short = make.place((key, 1))
    delivery.withdraw_key(actor=owner, key_id=LicenceKey.objects.get().pk, reason="used")
    lacking = make.pay(short).orders.get()
    refund_missing(actor=SYSTEM, order_id=lacking.pk)

    assert standing_of(shop.pk).facts.refunds == (granted.pk, unsent.pk, lacking.pk)
    assert standing_of(shop.pk).facts.orders == 4
    assert fine.pk not in standing_of(shop.pk).facts.refunds


def test_what_a_rule_of_the_platform_gives_back_does_not_count() -> None:
    item = make.variant(stock=20)
    cheaper, undone = paid(item, 2)
    line = OrderLine.objects.get(order=cheaper)
    give_back_difference(
        actor=SYSTEM, order_line_id=line.pk, amount=100, key="d", reason="The next rung."
    )
    assert undo_orders(actor=SYSTEM, order_ids=[undone.pk], reason="No group.") == {}

    facts = standing_of(item.product.shop_id).facts

    assert (facts.refunds, facts.orders) == ((), 1)


def test_what_waits_for_its_group_is_late_only_from_its_end_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    group = forming(monkeypatch)
    order = join(make.variant())
    begun = clock.now()

    def late_after(days: int) -> bool:
        with clock.at(begun + dt.timedelta(days=days, seconds=1)):
            return standing_of(order.shop_id).facts.late == (order.pk,)

    assert not late_after(5)
    with clock.at(begun + dt.timedelta(days=5)):
        group.full = True
        for _twice in range(2):
            orders.release_hold(actor=SYSTEM, order_ids=[order.pk])
    assert not late_after(7)
    assert late_after(8)
    with clock.at(begun + dt.timedelta(days=6)):
        orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="Post")
    assert not late_after(20)


def test_a_shop_that_cannot_be_counted_keeps_no_other_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shops = [make.pay(make.place((make.variant(stock=9), 1))).orders.get().shop for _n in range(2)]
    broken = min(shop.pk for shop in shops)
    Shop.objects.update(standing="below")

    def count(shop_id: int) -> Standing:
        if shop_id == broken:
            raise OperationalError("canceling statement due to statement timeout")
        return standing_of(shop_id)

    monkeypatch.setattr(counting, "standing_of", count)

    assert count_all(actor=Actor.system("test")) == Shop.objects.count() - 1

    assert [shop.pk for shop in Shop.objects.filter(standing="below")] == [broken]


def test_a_parcel_that_its_buyer_cancelled_beside_a_voucher_is_not_late() -> None:
    haircut = goods.voucher()
    cup = make.variant(goods.shop_of(haircut))
    order = make.pay(make.place((haircut, 1), (cup, 1))).orders.get()
    relay.drain()
    cancelled(order, {order.lines.get(kind="goods").pk: 1})
    relay.drain()
    order.refresh_from_db()
    assert order.state == "paid", "the voucher is still to be used"

    with clock.at(clock.now() + dt.timedelta(days=10)):
        assert standing_of(order.shop_id).facts.late == ()
