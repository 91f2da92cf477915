"""A price that fell after it was paid: the difference goes back, the goods stay bought."""

from __future__ import annotations

import pytest

from banyan.delivery.models import Voucher
from banyan.earnings.models import Commission
from banyan.earnings.queries import due_of
from banyan.entitlements.actions import create_coupon
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, IdempotencyMismatch, Invalid, NotFound
from banyan.ledger.proof import verify
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderLine, OrderRefund
from tests.delivery import goods
from tests.support import factories as make
from tests.support.pointed import give, points_of, purse_of
from tests.support.posted import posted_about
from tests.support.recount import recount
from tests.web.studio.scene import scene

pytestmark = pytest.mark.django_db
US = Actor.system("test")


def paid(n: int = 2, price: int = 10_000) -> OrderLine:
    shop = make.shop(shipping_amount=1_000)
    order = make.pay(make.place((make.variant(shop, price=price), n))).orders.get()
    return OrderLine.objects.get(order=order)


def lowered(line: OrderLine, amount: int, key: str = "rung", reason: str = "Rung 2") -> OrderRefund:
    return orders.give_back_difference(
        actor=US, order_line_id=line.pk, amount=amount, key=key, reason=reason
    )


def cancelled(line: OrderLine, n: int, key: str) -> int:
    order = Order.objects.select_related("checkout").get(pk=line.order_id)
    refund = orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        units={line.pk: n},
        key=key,
        access_token=order.checkout.access_token,
    )
    assert refund is not None
    return refund.amount


def test_the_difference_goes_back_once_and_the_goods_are_still_sent() -> None:
    line = paid()

    assert lowered(line, 4_000) == lowered(line, 4_000)

    line.refresh_from_db()
    assert (line.refunded_amount, line.lowered_amount) == (4_000, 4_000)
    assert (line.refunded_quantity, line.to_ship, line.order.state) == (0, 2, "paid")
    refund = OrderRefund.objects.get()
    assert (refund.amount, refund.state, refund.reason) == (4_000, "processing", "Rung 2")
    assert recount() == {}
    assert verify().clean


def test_units_that_go_back_later_are_worth_the_lower_price() -> None:
    line = paid(n=3)
    lowered(line, 6_000)

    each = 8_000 + 1_000 // 3
    assert [cancelled(line, 1, "a"), cancelled(line, 1, "b")] == [each, each]
    assert cancelled(line, 1, "c") == 31_000 - 6_000 - 2 * each
    assert recount() == {}
    assert verify().clean


def test_a_lower_price_takes_no_voucher_away() -> None:
    order = make.pay(make.place((goods.voucher(price=8_000), 2))).orders.get()
    line = order.lines.get()

    lowered(line, 9_000)
    assert Voucher.objects.filter(state="issued").count() == 2
    orders.grant_refund(
        actor=US, order_id=order.pk, amount=3_500, lines={line.pk: 3_500}, reason="one", key="one"
    )

    assert Voucher.objects.filter(state="issued").count() == 1
    assert recount() == {}


def test_commissions_are_reversed_in_proportion() -> None:
    at = scene()
    line = at.order.lines.get()
    before = Commission.objects.get()

    lowered(line, line.paid_amount // 4)

    after = Commission.objects.get()
    assert (after.state, after.reversed_amount) == (before.state, before.amount // 4)
    assert verify().clean


@pytest.mark.parametrize("amount", [0, -1, 21_000, 99_999])
def test_a_price_falls_neither_to_nothing_nor_up(amount: int) -> None:
    line = paid()

    with pytest.raises(Invalid) as refused:
        lowered(line, amount)

    assert refused.value.code == "refund_too_much"
    assert OrderRefund.objects.count() == 0


def test_a_key_stands_for_one_difference_and_an_unpaid_order_has_none() -> None:
    line = paid()
    lowered(line, 1_000)
    with pytest.raises(IdempotencyMismatch):
        lowered(line, 2_000)

    unpaid = make.place((make.variant(), 1)).orders.get().lines.get()
    with pytest.raises(Conflict) as refused:
        lowered(unpaid, 10, key="other")
    assert refused.value.code == "not_refundable"
    with pytest.raises(NotFound):
        orders.give_back_difference(actor=US, order_line_id=1, amount=1, key="x", reason="x")
    assert OrderRefund.objects.count() == 1


def test_a_price_that_falls_after_a_unit_went_back_leaves_its_shipping_as_it_was() -> None:
    line = paid(n=2)
    cancelled(line, 1, "one")  # with half of the shipping, 500
    lowered(line, 3_000)
    boss = make.actor(line.order.shop.owner)
    rest = orders.Wish("shipping", amount=500)

    shown = orders.preview_change(actor=boss, order_id=line.order_id, wish=rest)

    assert (shown.before, shown.after) == ({"shipping": 500}, {"shipping": 0})
    orders.confirm_change(
        actor=boss, order_id=line.order_id, wish=rest, fingerprint=shown.fingerprint, key="rest"
    )
    assert cancelled(line, 1, "last") == 7_000
    assert recount() == {}
    assert verify().clean


def test_points_stay_as_they_were_used_until_goods_come_back() -> None:
    shop, buyer = make.shop(), make.member()
    points_of(shop)
    give(buyer, shop, 5_000)
    order = make.pay(make.place((make.variant(shop, price=10_000), 1), buyer=buyer)).orders.get()
    line = order.lines.get()
    assert line.paid_amount == 5_000

    lowered(line, 2_000)
    assert purse_of(buyer, shop) == (0, 0), "no more goes back than the price fell by"

    orders.cancel_order(actor=make.actor(buyer), order_id=order.pk, key="all")
    assert purse_of(buyer, shop) == (5_000, 0)
    assert recount() == {}


def test_the_platform_bears_what_it_bore_until_goods_come_back() -> None:
    create_coupon(
        actor=make.actor(make.staff("finance")),
        shop_id=None,
        title="From us",
        amount_off=1_000,
        reach="auto",
        currency="CNY",
        reason="autumn",
    )
    item, buyer = make.variant(price=10_000), make.member()
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()

    lowered(order.lines.get(), 2_000)
    order.refresh_from_db()
    due = due_of(order)
    assert due is not None
    assert (due.borne.amount, due.due.amount) == (1_000, 8_000)
    assert posted_about(order) == 8_000

    orders.cancel_order(actor=make.actor(buyer), order_id=order.pk, key="all")
    assert posted_about(order) == 0
    assert recount() == {}
    assert verify().clean
