"""Cancelling what is paid and not sent: the whole money back at once."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.earnings.models import Commission
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, NotFound
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund
from banyan.sales import actions as sales
from tests.sales import scene as sale_scene
from tests.support import factories as make
from tests.support.recount import recount
from tests.web.studio.scene import scene

pytestmark = pytest.mark.django_db


def paid(*quantities: int, price: int = 3_333, shipping: int = 1_000) -> Order:
    shop = make.shop(shipping_amount=shipping)
    wanted = ((make.variant(shop, price=price), n) for n in quantities)
    return make.pay(make.place(*wanted)).orders.get()


def cancel(order: Order, key: str = "c", **more: object) -> OrderRefund | None:
    return orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        key=key,
        access_token=order.checkout.access_token,
        **more,  # type: ignore[arg-type]
    )


def test_the_whole_order_is_paid_back_with_shipping_and_its_units_are_free() -> None:
    order = paid(2, 1)

    refund = cancel(order)

    assert refund is not None
    assert (refund.amount, refund.state) == (3 * 3_333 + 1_000, "processing")
    order.refresh_from_db()
    assert (order.state, order.refunded_amount) == ("closed", order.total_amount)
    for line in order.lines.select_related("variant"):
        stock = make.stock_of(line.variant)
        assert (stock.on_hand, stock.allocated) == (10, 0)
    assert recount() == {}
    assert verify().clean


def test_the_same_key_cancels_once_and_another_finds_nothing_left() -> None:
    order = paid(2)

    assert cancel(order) == cancel(order)
    with pytest.raises(Conflict) as refused:
        cancel(order, key="other")

    assert refused.value.code == "not_cancellable"
    assert OrderRefund.objects.count() == 1


def test_the_commission_of_a_cancelled_order_is_reversed() -> None:
    at = scene()
    orders.cancel_order(actor=make.actor(at.buyer), order_id=at.order.pk, key="c")

    commission = Commission.objects.get()
    assert (commission.state, commission.reversed_amount) == ("reversed", commission.amount)
    assert recount() == {}
    assert verify().clean


def test_what_is_not_yet_sent_of_a_partly_sent_order_can_be_cancelled() -> None:
    order = paid(3, price=1_000, shipping=500)
    line = order.lines.get()
    owner = make.actor(order.shop.owner)
    orders.ship(actor=owner, order_id=order.pk, carrier="SF", units={line.pk: 1})

    refund = cancel(order)

    assert refund is not None
    assert refund.amount == 2_333  # two of three units with their part of the shipping
    [part] = refund.lines
    assert (part["line"], part["amount"], part["quantity"]) == (str(line.pk), refund.amount, 2)
    order.refresh_from_db()
    assert order.state == "shipped"
    assert recount() == {}


def test_one_unit_after_the_other_adds_up_to_all_that_was_paid() -> None:
    order = paid(3, 2, price=999, shipping=701)

    units = [line.pk for line in order.lines.all() for _unit in range(line.quantity)]
    for number, line_id in enumerate(units):
        cancel(order, key=f"c{number}", units={line_id: 1})

    order.refresh_from_db()
    assert (order.refunded_amount, order.state) == (order.total_amount, "closed")
    assert recount() == {}
    assert verify().clean


def test_what_is_sent_cannot_be_cancelled() -> None:
    order = paid(1)
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF")

    with pytest.raises(Conflict) as refused:
        cancel(order)

    assert refused.value.code == "not_cancellable"
    assert Order.objects.get().refunded_amount == 0


def test_nobody_else_cancels_an_order() -> None:
    order = paid(1)
    for actor in (make.actor(order.shop.owner), make.actor(make.member()), Actor.guest()):
        with pytest.raises(NotFound):
            orders.cancel_order(actor=actor, order_id=order.pk, key="c")
    assert not OrderRefund.objects.exists()


def test_after_money_back_for_a_scratch_only_the_rest_comes_back() -> None:
    order = paid(2, price=1_000, shipping=0)
    orders.grant_refund(
        actor=make.actor(order.shop.owner), order_id=order.pk, amount=300, reason="late", key="r"
    )

    refund = cancel(order)

    assert refund is not None
    assert refund.amount == 1_700
    assert Order.objects.get().state == "closed"
    assert recount() == {}


def test_what_cost_nothing_is_cancelled_once_by_its_key() -> None:
    ana, item = make.member(), make.variant(stock=3)
    make.right(ana, item, 0, funded_by="platform", quantity=3)
    order = make.place((item, 3), buyer=ana).orders.get()
    line = order.lines.get()

    def cancel_as_ana(key: str, **more: object) -> OrderRefund | None:
        return orders.cancel_order(
            actor=make.actor(ana),
            order_id=order.pk,
            key=key,
            **more,  # type: ignore[arg-type]
        )

    for _twice in range(2):
        assert cancel_as_ana("one", units={line.pk: 1}) is None
    line.refresh_from_db()
    assert line.cancelled_quantity == 1
    for _twice in range(2):
        assert cancel_as_ana("rest") is None

    order.refresh_from_db()
    assert (order.state, make.stock_of(item).free) == ("closed", 3)
    with pytest.raises(Conflict) as refused:
        cancel_as_ana("other")
    assert refused.value.code == "not_cancellable"
    assert recount() == {}
    assert verify().clean


@pytest.mark.parametrize("ticketed", [False, True])
def test_a_unit_of_a_sale_that_is_over_comes_back_as_free_stock(ticketed: bool) -> None:
    item, ana = make.variant(stock=5), sale_scene.buyer("ana")
    sale = sale_scene.on(item, public=2, ticketed=ticketed)
    if ticketed:
        sale_scene.claim(sale, item, ana)
    order = make.pay(sale_scene.order(item, who=ana)).orders.get()
    sales.end_sale(actor=make.actor(item.product.shop.owner), sale_id=sale.pk)
    with clock.at(clock.now() + dt.timedelta(hours=1)):
        assert sales.settle_sale(actor=sale_scene.SYSTEM, sale_id=sale.pk)

        orders.cancel_order(actor=make.actor(ana), order_id=order.pk, key="late")

    assert (make.stock_of(item).free, make.stock_of(item).held) == (5, 0)
    assert (sale_scene.bucket(sale).size, sale_scene.bucket(sale).taken) == (0, 0)
    sale_scene.assert_sound()
