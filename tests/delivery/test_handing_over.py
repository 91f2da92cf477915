"""What is paid is handed over in the paying transaction, or refunded by itself."""

from __future__ import annotations

import pytest

from banyan.delivery import actions as delivery
from banyan.delivery.models import LicenceKey, Scan, Shortfall
from banyan.delivery.queries import bought
from banyan.kernel import relay
from banyan.notify.models import Message
from banyan.orders.models import Checkout, OrderLine, OrderRefund
from tests.delivery import goods
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db


def line_of(checkout: Checkout) -> OrderLine:
    return OrderLine.objects.get(order__checkout=checkout)


def test_a_paid_key_is_there_and_the_order_is_received() -> None:
    item = goods.keyed("AAAA-1111", "BBBB-2222")

    checkout = make.pay(make.place((item, 1)))

    got = bought([line_of(checkout).pk])[line_of(checkout).pk]
    assert got.keys == ["AAAA-1111"]
    assert make.stock_of(item).on_hand == 1
    relay.drain()
    assert checkout.orders.get().state == "received"
    message = Message.objects.get(kind="delivery.ready")
    assert "AAAA" not in message.body
    assert f"/o/{checkout.access_token}" in message.body
    assert recount() == {}


def test_a_key_that_is_gone_when_the_money_comes_is_refunded_by_itself() -> None:
    item = goods.keyed(n=2)
    owner = make.actor(goods.shop_of(item).owner)
    first, second = make.place((item, 1)), make.place((item, 1))
    spoilt = LicenceKey.objects.order_by("id")[0]
    delivery.withdraw_key(actor=owner, key_id=spoilt.pk, reason="used elsewhere")
    assert make.stock_of(item).on_hand == 2  # both are promised

    make.pay(first)
    make.pay(second)
    relay.drain()
    relay.drain()

    assert len(bought([line_of(first).pk])[line_of(first).pk].keys) == 1
    assert bought([line_of(second).pk])[line_of(second).pk].keys == []
    assert Shortfall.objects.get().line_id == line_of(second).pk
    refund = OrderRefund.objects.get()
    assert (refund.order_id, refund.amount) == (second.orders.get().pk, 5_000)
    assert second.orders.get().state == "closed"
    assert first.orders.get().state == "received"
    assert make.stock_of(item).on_hand == 0
    assert recount() == {}


def test_vouchers_are_issued_redeemed_once_and_complete_the_order() -> None:
    item = goods.voucher()
    shop = goods.shop_of(item)
    clerk = make.actor(shop.owner)
    checkout = make.pay(make.place((item, 2)))
    [(first, code), (_second, other)] = bought([line_of(checkout).pk])[
        line_of(checkout).pk
    ].vouchers
    relay.drain()
    assert checkout.orders.get().state == "paid"

    done = delivery.redeem(actor=clerk, shop_id=shop.pk, code=code, key="a", place="Front desk")
    again = delivery.redeem(actor=clerk, shop_id=shop.pk, code=code, key="b")
    same = delivery.redeem(actor=clerk, shop_id=shop.pk, code=code, key="a")

    assert (done.result, again.result) == ("accepted", "voucher_redeemed")
    assert same.pk == done.pk
    first.refresh_from_db()
    assert (first.state, first.redeemed_place) == ("redeemed", "Front desk")
    assert Scan.objects.count() == 2
    delivery.redeem(actor=clerk, shop_id=shop.pk, code=other, key="c")
    relay.drain()
    assert checkout.orders.get().state == "received"
    assert recount() == {}
