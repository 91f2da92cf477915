"""Row 14, part a: one cart and one payment for goods, a service and digital things."""

from __future__ import annotations

import re
from typing import Any

import pytest

from banyan.delivery.models import Grant, LicenceKey, Voucher
from banyan.kernel import relay
from banyan.orders.models import Checkout, Order
from tests.delivery.stall import ADDRESS, Buyer, Stall, file_link, shown_codes, shown_keys
from tests.market import deals
from tests.support import factories as make
from tests.support.recount import recount
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.django_db


def test_row_14_a_goods_voucher_and_digital_in_one_cart(sandbox: Sandbox) -> None:
    cups, hair, games = Stall(make.shop(shipping_amount=1_200)), Stall(), Stall()
    cup = cups.opens(cups.sells("goods", "Cup", "10", stock=3))
    _service, cut = hair.service()
    _file, song = games.filed(b"la la")
    _pool, game = games.keyed("AAAA-1111")
    buyer = Buyer(sandbox)
    for variant in (cup, cut, song, game):
        added: Any = buyer.browser.post(
            "/cart/add", {"variant": variant, "n": "1"}, headers={"origin": "http://testserver"}
        )
        assert added.status_code == 302, added.content

    # a parcel is among it, so an address is asked for, and only the parcel is sent
    assert 'name="recipient"' in buyer.form(None)
    assert buyer.places(None).status_code == 422
    placed = buyer.places(None, 1, **ADDRESS)
    assert placed.status_code == 302, placed.content.decode()[-2000:]
    page = buyer.pays()
    relay.drain()

    checkout = Checkout.objects.get()
    assert checkout.shipping_amount == 1_200
    assert checkout.total_amount == 1_000 + 1_200 + 8_000 + 3_000 + 5_000
    assert shown_keys(page) == ["AAAA-1111"]
    assert len(shown_codes(page)) == 1
    answer: Any = buyer.browser.post(file_link(page))
    assert b"".join(answer.streaming_content) == b"la la"
    states = dict(Order.objects.values_list("shop_id", "state"))
    assert states[games.shop.pk] == "received", "files and keys count from the payment on"
    assert states[hair.shop.pk] == "paid", "the service is still to be had"
    assert states[cups.shop.pk] == "paid", "the cup is still to be sent"
    # each shop sees its own part; there is no parcel to send for the other two
    for stall, parcel in ((cups, True), (hair, False), (games, False)):
        order = Order.objects.get(shop=stall.shop)
        room = stall.browser.get(f"{stall.studio}/orders/{order.pk}").content.decode()
        assert ("It is on its way" in room) is parcel
        sent = stall.browser.post(f"{stall.studio}/orders/{order.pk}/ship", {"carrier": "SF"})
        assert (sent.status_code == 302) is parcel
    hair.browser.post(f"{hair.studio}/redeem", {"code": shown_codes(page)[0], "key": "one"})
    cup_order = Order.objects.get(shop=cups.shop)
    buyer.browser.post(f"{buyer.order}/{cup_order.pk}/received")
    relay.drain()
    assert set(Order.objects.values_list("state", flat=True)) == {"received"}
    assert (LicenceKey.objects.count(), Voucher.objects.count(), Grant.objects.count()) == (1, 1, 1)
    assert re.search("Redeemed", buyer.looks())
    assert recount() == {}


def test_row_14_a_one_shop_sends_a_cup_with_a_voucher(sandbox: Sandbox) -> None:
    """A mixed order is received with its parcel; the voucher stays good."""
    stall = Stall()
    cup = stall.opens(stall.sells("goods", "Cup", "10", stock=3))
    _service, cut = stall.service()
    buyer = Buyer(sandbox)
    for variant in (cup, cut):
        buyer.browser.post(
            "/cart/add", {"variant": variant, "n": "1"}, headers={"origin": "http://testserver"}
        )
    buyer.places(None, 1, **ADDRESS)
    page = buyer.pays()
    order = Order.objects.get()
    stall.browser.post(f"{stall.studio}/orders/{order.pk}/ship", {"carrier": "SF"})
    buyer.browser.post(f"{buyer.order}/{order.pk}/received")
    relay.drain()

    order.refresh_from_db()
    assert order.state == "received"
    assert Voucher.objects.get().state == "issued"
    done: Any = stall.browser.post(
        f"{stall.studio}/redeem", {"code": shown_codes(page)[0], "key": "one"}, follow=True
    )
    assert "Redeemed" in done.content.decode()
    relay.drain()
    assert Voucher.objects.get().state == "redeemed"
    assert recount() == {}


def test_row_14_a_a_members_listing_in_the_same_cart(sandbox: Sandbox) -> None:
    """One payment for a cup, a key and a member's bicycle; only the bicycle's money waits."""
    cups, games = Stall(), Stall()
    cup = cups.opens(cups.sells("goods", "Cup", "10", stock=3))
    _pool, game = games.keyed("BBBB-2222")
    bicycle = deals.listing(price=15_000)
    buyer = Buyer(sandbox)
    for variant in (cup, game, bicycle.product.variants.get().pk):
        buyer.browser.post(
            "/cart/add", {"variant": variant, "n": "1"}, headers={"origin": "http://testserver"}
        )
    buyer.places(None, 1, **ADDRESS)
    page = buyer.pays()
    relay.drain()

    assert Checkout.objects.get().total_amount == 1_000 + 5_000 + 15_000
    assert shown_keys(page) == ["BBBB-2222"]
    between_members = Order.objects.get(shop__kind="member")
    assert deals.balance("escrow", between_members.pk) == 15_000
    assert deals.balance("shop_payable", cups.shop.pk) == 1_000
    assert deals.balance("shop_payable", games.shop.pk) == 5_000
    assert deals.balance("earner_payable", bicycle.seller_id) == 0
    assert Buyer(sandbox).places(bicycle.product.variants.get().pk, 1, **ADDRESS).status_code != 302
    assert recount() == {}
