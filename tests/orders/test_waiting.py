"""A paid order that waits: nothing leaves before, everything after, or all goes back."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.delivery.models import Grant, LicenceKey, Voucher
from banyan.entitlements import actions as coupons
from banyan.entitlements.models import Coupon, PriceRight
from banyan.kernel import events, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.actions.bulk import ToSend, ship_many
from banyan.orders.events import OrderPaid
from banyan.orders.finding import waiting_for
from banyan.orders.models import Order, OrderRefund
from tests.delivery import goods
from tests.support import factories as make
from tests.support.recount import recount

from .group import Group, forming, join

pytestmark = pytest.mark.django_db
US = Actor.system("test")


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Group:
    return forming(monkeypatch)


def fresh(order: Order) -> Order:
    return Order.objects.select_related("checkout__buyer", "shop__owner").get(pk=order.pk)


def buyer(order: Order) -> Actor:
    account = fresh(order).checkout.buyer
    assert account is not None
    return make.actor(account)


def sent(order: Order) -> Any:
    owner = make.actor(fresh(order).shop.owner)
    return orders.ship(actor=owner, order_id=order.pk, carrier="SF", tracking="1")


def assert_sound() -> None:
    assert recount() == {}
    assert verify().clean


# -- what is sent ---------------------------------------------------------------------------------


def test_an_order_that_waits_is_not_sent_alone_or_among_many_and_then_it_is(group: Group) -> None:
    order = join(make.variant())

    with pytest.raises(Conflict) as refused:
        sent(order)
    owner = make.actor(fresh(order).shop.owner)
    (row,) = ship_many(actor=owner, shop_id=order.shop_id, rows=[ToSend(order.number, "SF")])

    assert (refused.value.code, row.code) == ("order_waits", "order_waits")
    assert "2 more are needed" in str(refused.value.message)
    assert refused.value.extra["until"] == group.until.isoformat()
    assert (fresh(order).state, order.shipments.count()) == ("paid", 0)

    group.full = True
    sent(order)
    assert fresh(order).state == "shipped"
    assert_sound()


def test_nobody_asks_about_orders_that_are_of_no_campaign(group: Group) -> None:
    sent(make.pay(make.place((make.variant(), 1))).orders.get())
    make.pay(make.place((goods.keyed(n=1), 1)))

    assert group.asked == []


def test_only_the_line_of_the_group_waits_and_the_order_is_sent_in_two_parcels(
    group: Group,
) -> None:
    shop = make.shop()
    ours, beside = make.variant(shop), make.variant(shop)
    order = join(ours, beside)
    lines = {line.variant_id: line for line in order.lines.all()}
    owner = make.actor(fresh(order).shop.owner)

    with pytest.raises(Conflict) as refused:
        orders.ship(actor=owner, order_id=order.pk, carrier="SF", units={lines[ours.pk].pk: 1})
    assert refused.value.code == "order_waits"
    first = sent(order)
    with pytest.raises(Conflict) as again:
        sent(order)

    assert list(first.lines.values_list("line_id", "quantity")) == [(lines[beside.pk].pk, 1)]
    assert (again.value.code, fresh(order).state) == ("order_waits", "paid")
    group.full = True
    second = sent(order)
    assert list(second.lines.values_list("line_id", flat=True)) == [lines[ours.pk].pk]
    assert fresh(order).state == "shipped"
    assert_sound()


def test_a_parcel_beside_a_key_that_waits_is_sent_and_the_key_follows(group: Group) -> None:
    shop = make.shop()
    order = join(goods.keyed(n=1, of=shop), make.variant(shop))
    sent(order)
    assert fresh(order).state == "paid", "something of it is still to come"

    group.full = True
    assert orders.release_hold(actor=US, order_ids=[order.pk]) == []

    assert LicenceKey.objects.get().state == "taken"
    assert fresh(order).state == "shipped"
    assert_sound()


def test_the_shops_lists_have_orders_that_wait_wholly_apart(group: Group) -> None:
    shop = make.shop()
    item, beside = make.variant(shop), make.variant(shop)
    wholly, partly = join(item), join(item, beside)
    plain = make.pay(make.place((beside, 1))).orders.get()
    mine = Order.objects.filter(shop=shop)

    def listed(what: str) -> set[int]:
        return set(waiting_for(mine, what).values_list("pk", flat=True))

    assert listed("paid") == {partly.pk, plain.pk}
    assert listed("waits") == {wholly.pk}
    sent(partly)
    assert listed("waits") == {wholly.pk, partly.pk}
    group.full = True
    assert (listed("paid"), listed("waits")) == ({wholly.pk, partly.pk, plain.pk}, set())


# -- what is handed over --------------------------------------------------------------------------


def test_a_key_is_kept_back_and_kept_for_the_order_and_what_lies_beside_it_is_not(
    group: Group,
) -> None:
    shop = make.shop()
    key, file, voucher = goods.keyed(n=1, of=shop), goods.filed(of=shop), goods.voucher(of=shop)

    order = join(key, file, voucher)
    relay.drain()

    assert fresh(order).state == "paid"
    given = (Grant.objects.count(), Voucher.objects.count())
    assert (LicenceKey.objects.get().state, *given) == ("free", 1, 1)
    stock = make.stock_of(key)
    assert (stock.free, stock.reserved, stock.allocated) == (0, 1, 0), "nobody else is promised it"
    with pytest.raises(Conflict) as refused:
        orders.confirm_receipt(actor=buyer(order), order_id=order.pk)
    assert refused.value.code == "not_shipped"
    assert_sound()


def test_what_was_kept_back_is_handed_over_once_when_the_group_is_complete(group: Group) -> None:
    shop = make.shop()
    order = join(goods.keyed(n=2, of=shop), goods.filed(of=shop))
    orders.release_hold(actor=US, order_ids=[order.pk])
    assert LicenceKey.objects.filter(state="taken").count() == 0, "it waits still"
    assert Grant.objects.count() == 1, "the file is nobody's but its buyer's"

    group.full = True
    for _twice in range(2):
        assert orders.release_hold(actor=US, order_ids=[order.pk]) == []
    relay.drain()

    assert LicenceKey.objects.filter(state="taken").count() == 1
    assert Grant.objects.count() == 1
    assert fresh(order).state == "received"
    assert_sound()


def test_the_payment_that_completes_the_group_has_its_goods_at_once(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell = events.run_handlers

    def complete(event: events.Event, actor: Actor) -> None:
        group.full = group.full or isinstance(event, OrderPaid)
        tell(event, actor)

    monkeypatch.setattr(events, "run_handlers", complete)
    join(goods.keyed(n=1))

    assert LicenceKey.objects.get().state == "taken"
    assert_sound()


def test_units_that_are_given_up_while_they_wait_are_not_handed_over(group: Group) -> None:
    item = goods.voucher(price=8_000, stock=5)
    order = join(item, n=3)
    line = order.lines.get()

    refund = orders.cancel_order(
        actor=buyer(order), order_id=order.pk, units={line.pk: 1}, key="one"
    )
    assert refund is not None
    assert (refund.amount, make.stock_of(item).free) == (4_000, 3)
    group.full = True
    orders.release_hold(actor=US, order_ids=[order.pk])

    assert Voucher.objects.count() == 2
    line.refresh_from_db()
    assert (line.shipped_quantity, line.cancelled_quantity) == (2, 1)
    assert_sound()


def test_money_that_the_shop_gives_back_meanwhile_ends_the_waiting(group: Group) -> None:
    item = goods.keyed(n=1)
    order = join(item)

    orders.grant_refund(
        actor=US, order_id=order.pk, amount=order.total_amount, reason="sorry", key="all"
    )
    group.full = True
    orders.release_hold(actor=US, order_ids=[order.pk])

    assert fresh(order).state == "closed"
    assert (LicenceKey.objects.get().state, make.stock_of(item).free) == ("free", 1)
    assert_sound()


def test_vouchers_whose_money_went_back_while_they_waited_are_void(group: Group) -> None:
    order = join(goods.voucher(price=8_000), n=3)
    line = order.lines.get()
    units = {line.pk: 1}
    orders.cancel_order(actor=buyer(order), order_id=order.pk, units=units, key="one")
    orders.grant_refund(
        actor=US, order_id=order.pk, amount=4_000, lines={line.pk: 4_000}, reason="one", key="two"
    )

    group.full = True
    orders.release_hold(actor=US, order_ids=[order.pk])
    orders.grant_refund(
        actor=US, order_id=order.pk, amount=10, lines={line.pk: 10}, reason="late", key="three"
    )

    states = sorted(Voucher.objects.values_list("state", flat=True))
    assert states == ["issued", "refunded"], "one of three was never issued"
    assert_sound()


def test_what_cost_nothing_waits_and_is_handed_over_as_well(group: Group) -> None:
    ana, item = make.member(), goods.voucher(price=8_000)
    make.right(ana, item, 0, funded_by="platform", instance_id=1)
    order = make.place((item, 1), buyer=ana).orders.get()
    assert (order.state, Voucher.objects.count()) == ("paid", 0)

    group.full = True
    orders.release_hold(actor=US, order_ids=[order.pk])

    assert Voucher.objects.get().state == "issued"
    assert_sound()


# -- a group that does not come about -------------------------------------------------------------


def test_an_undone_order_gives_everything_back_once(group: Group) -> None:
    shop = make.shop(shipping_amount=1_000)
    item, key = make.variant(shop, stock=3), goods.keyed(n=1, of=shop)
    owner = make.actor(shop.owner)
    coupons.create_coupon(
        actor=owner, shop_id=shop.pk, title="C", code="TEN", amount_off=1_000, cap=1
    )
    order = join(key, item, coupon="TEN")
    total = order.total_amount
    assert Coupon.objects.get().taken == 1

    for _twice in range(2):
        assert orders.undo_orders(actor=US, order_ids=[order.pk], reason="Nobody came") == {}

    refund = OrderRefund.objects.get()
    assert (refund.amount, refund.reason) == (total, "Nobody came")
    assert fresh(order).state == "closed"
    assert (make.stock_of(item).free, make.stock_of(key).free) == (3, 1)
    assert Coupon.objects.get().taken == 0
    assert PriceRight.objects.get().state == "returned"
    assert_sound()


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_line_is_undone_and_what_lies_beside_it_stays_bought(group: Group, is_sent: bool) -> None:
    shop = make.shop(shipping_amount=1_000)
    item, beside = make.variant(shop, stock=3), make.variant(shop)
    order = join(item, beside)
    line = order.lines.get(variant=item)
    if is_sent:
        sent(order)

    for _twice in range(2):
        ids = [line.pk]
        assert orders.undo_lines(actor=US, line_ids=ids, reason="Nobody came") == {}

    refund = OrderRefund.objects.get()
    assert 5_000 <= refund.amount == line.paid_amount < order.total_amount
    assert fresh(order).state == ("shipped" if is_sent else "paid")
    assert make.stock_of(item).free == 3
    assert orders.undo_lines(actor=US, line_ids=[404], reason="") == {404: "not_found"}
    assert_sound()


def test_one_that_cannot_be_undone_keeps_no_other_back(group: Group) -> None:
    item = make.variant(stock=9)
    group.full = True
    on_its_way, ours = join(item), join(item)
    sent(on_its_way)

    ids = [on_its_way.pk, ours.pk, 404]
    left = orders.undo_orders(actor=US, order_ids=ids, reason="Nobody came")

    assert left == {on_its_way.pk: "not_cancellable", 404: "not_found"}
    assert (fresh(on_its_way).state, fresh(ours).state) == ("shipped", "closed")
    assert_sound()


def test_an_order_that_cost_nothing_is_undone_too(group: Group) -> None:
    ana, item = make.member(), make.variant(stock=2)
    make.right(ana, item, 0, funded_by="platform", instance_id=1)
    order = make.place((item, 1), buyer=ana).orders.get()

    assert orders.undo_orders(actor=US, order_ids=[order.pk], reason="Nobody came") == {}

    assert (fresh(order).state, make.stock_of(item).free) == ("closed", 2)
    assert OrderRefund.objects.count() == 0
    assert_sound()
