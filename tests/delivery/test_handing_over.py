"""What is paid is handed over in the paying transaction, or refunded by itself."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.catalog import actions as catalog
from banyan.delivery import actions as delivery
from banyan.delivery.models import DigitalFile, Grant, LicenceKey, Scan, Shortfall, Terms, Voucher
from banyan.delivery.queries import bought
from banyan.delivery.rules import new_voucher_code
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, IdempotencyMismatch, Invalid, NotFound, SoldOut
from banyan.notify.models import Message
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, OrderLine, OrderRefund
from tests.catalog.files import take_in
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


def test_of_three_units_the_one_that_is_missing_is_refunded() -> None:
    item = goods.keyed(n=3, price=3_334)
    checkout = make.place((item, 3))
    key = LicenceKey.objects.order_by("id")[0]
    owner = make.actor(goods.shop_of(item).owner)
    delivery.withdraw_key(actor=owner, key_id=key.pk, reason="spoilt")

    make.pay(checkout)
    relay.drain()

    line = line_of(checkout)
    assert (line.shipped_quantity, line.refunded_quantity, line.refunded_amount) == (2, 1, 3_334)
    assert len(bought([line.pk])[line.pk].keys) == 2
    assert checkout.orders.get().state == "received"
    assert recount() == {}


def test_the_money_of_what_is_missing_is_asked_for_once() -> None:
    item = goods.keyed(n=1)
    checkout = make.place((item, 1))
    owner = make.actor(goods.shop_of(item).owner)
    delivery.withdraw_key(actor=owner, key_id=LicenceKey.objects.get().pk, reason="spoilt")
    make.pay(checkout)
    order = checkout.orders.get()
    for _ in range(3):
        orders.refund_missing(actor=Actor.system("test"), order_id=order.pk)
    relay.drain()
    assert OrderRefund.objects.count() == 1
    assert recount() == {}


def test_what_cannot_be_handed_over_is_not_sold() -> None:
    shop = make.shop()
    bare, empty = goods.filed(of=shop), goods.filed(of=shop)
    # As after a restored backup: what was published once has lost what it hands over.
    Terms.objects.filter(product_id=bare.product_id).delete()
    DigitalFile.objects.filter(product_id=empty.product_id).delete()
    over = goods.voucher(of=shop, valid_until=clock.now() + dt.timedelta(hours=1))
    for item in (bare, empty):
        with pytest.raises(SoldOut) as refused:
            make.place((item, 1))
        assert refused.value.code == "not_deliverable"
    with clock.at(clock.now() + dt.timedelta(hours=1)), pytest.raises(SoldOut):
        make.place((over, 1))
    assert Checkout.objects.count() == 0
    assert make.stock_of(bare).reserved == 0


def test_a_voucher_that_ended_while_it_was_paid_is_refunded() -> None:
    end = clock.now() + dt.timedelta(minutes=5)
    item = goods.voucher(valid_until=end)
    checkout = make.place((item, 1))
    with clock.at(end + dt.timedelta(minutes=1)):
        make.pay(checkout)
        relay.drain()
    assert Voucher.objects.count() == 0
    assert OrderRefund.objects.get().amount == 8_000
    assert checkout.orders.get().state == "closed"
    assert make.stock_of(item).on_hand == 10
    assert recount() == {}


def test_an_order_without_a_parcel_needs_no_address_and_no_shipping() -> None:
    shop = make.shop(shipping_amount=1_000)
    item = goods.keyed(n=2, of=shop)
    checkout = orders.place(
        actor=Actor.guest(),
        lines=[orders.WantedLine(item.pk, 1)],
        contact=orders.Contact(email="cy@example.com"),
        address={},
        placement_key=new_code(80),
        provider="sandbox",
    )
    assert (checkout.address, checkout.shipping_amount) == ({}, 0)
    with pytest.raises(Invalid):
        orders.place(
            actor=Actor.guest(),
            lines=[orders.WantedLine(make.variant(shop).pk, 1), orders.WantedLine(item.pk, 1)],
            contact=orders.Contact(email="cy@example.com"),
            address={},
            placement_key=new_code(80),
            provider="sandbox",
        )


def test_a_refunded_file_cannot_be_fetched_any_more() -> None:
    item = goods.filed()
    shop = goods.shop_of(item)
    checkout = make.pay(make.place((item, 1)))
    grant = bought([line_of(checkout).pk])[line_of(checkout).pk].grant
    assert grant is not None
    order = checkout.orders.get()
    owner = make.actor(shop.owner)
    orders.grant_refund(actor=owner, order_id=order.pk, amount=1_000, reason="late", key="a")
    delivery.fetch(actor=Actor.guest(), grant_id=grant.pk).stream.close()
    orders.grant_refund(actor=owner, order_id=order.pk, amount=2_000, reason="late", key="b")

    with pytest.raises(Conflict) as refused:
        delivery.fetch(actor=Actor.guest(), grant_id=grant.pk)

    assert refused.value.code == "download_closed"
    assert Grant.objects.get().used == 1
    assert recount() == {}


def test_the_shop_may_allow_more_downloads() -> None:
    item = goods.filed(downloads=1)
    owner = make.actor(goods.shop_of(item).owner)
    make.pay(make.place((item, 1)))
    grant = Grant.objects.get()
    delivery.fetch(actor=Actor.guest(), grant_id=grant.pk).stream.close()
    delivery.allow_more(actor=owner, grant_id=grant.pk, more=1)
    delivery.fetch(actor=Actor.guest(), grant_id=grant.pk).stream.close()
    with pytest.raises(NotFound):
        delivery.allow_more(actor=make.actor(make.member()), grant_id=grant.pk, more=1)
    grant.refresh_from_db()
    assert (grant.used, grant.allowed) == (2, 2)


def test_another_shops_voucher_is_unknown_and_nothing_moves() -> None:
    item = goods.voucher()
    checkout = make.pay(make.place((item, 1)))
    [(voucher, code)] = bought([line_of(checkout).pk])[line_of(checkout).pk].vouchers
    other = make.shop()

    scan = delivery.redeem(actor=make.actor(other.owner), shop_id=other.pk, code=code, key="a")

    assert scan.result == "voucher_unknown"
    assert scan.voucher is None
    with pytest.raises(NotFound):
        delivery.redeem(
            actor=make.actor(make.member()), shop_id=voucher.shop_id, code=code, key="b"
        )
    with pytest.raises(IdempotencyMismatch):
        delivery.redeem(
            actor=make.actor(other.owner), shop_id=other.pk, code=new_voucher_code(), key="a"
        )
    voucher.refresh_from_db()
    assert voucher.state == "issued"
    assert Scan.objects.count() == 1


def test_nothing_goes_on_sale_before_it_can_be_handed_over() -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    data = catalog.ProductInput(
        title="Song", kind="digital", variants=[catalog.VariantInput(price=100)]
    )
    song = catalog.create_product(actor=owner, shop_id=shop.pk, data=data)
    for _ in range(2):
        with pytest.raises(Conflict) as refused:
            catalog.publish_product(actor=owner, product_id=song.pk)
        assert refused.value.code == "delivery_missing"
        delivery.set_terms(actor=owner, product_id=song.pk, terms=delivery.TermsInput(way="file"))
    song.refresh_from_db()
    assert song.state == "draft"
    goods.publish(goods.draft(shop, "digital", delivery.TermsInput(way="keys")))


def test_a_product_file_puts_nothing_on_sale_that_cannot_be_handed_over() -> None:
    shop = make.shop()
    owner = make.actor(shop.owner)
    data = catalog.ProductInput(
        title="Song", kind="digital", variants=[catalog.VariantInput(price=100)]
    )
    song = catalog.create_product(actor=owner, shop_id=shop.pk, data=data)
    file = f"Handle,Title,Status\n{song.slug},Song,active\n"

    with pytest.raises(catalog.ImportRefused) as refused:
        take_in(shop, file)

    [fault] = refused.value.faults
    assert (fault.line, fault.column, fault.code) == (2, "Status", "not_for_sale")
    song.refresh_from_db()
    assert song.state == "draft"
    delivery.set_terms(actor=owner, product_id=song.pk, terms=delivery.TermsInput(way="keys"))
    take_in(shop, file)
    song.refresh_from_db()
    assert song.state == "active"


@pytest.mark.parametrize("given", [3_333, 10_000])
def test_what_is_paid_back_already_is_not_paid_back_as_missing(given: int) -> None:
    item = goods.keyed(n=1, price=10_000)
    checkout = make.place((item, 1))
    owner = make.actor(goods.shop_of(item).owner)
    delivery.withdraw_key(actor=owner, key_id=LicenceKey.objects.get().pk, reason="spoilt")
    make.pay(checkout)
    order = checkout.orders.get()
    orders.grant_refund(actor=owner, order_id=order.pk, amount=given, reason="sorry", key="first")

    for _twice in range(2):
        orders.refund_missing(actor=Actor.system("test"), order_id=order.pk)

    order.refresh_from_db()
    assert (order.refunded_amount, order.state) == (10_000, "closed")
    assert recount() == {}
