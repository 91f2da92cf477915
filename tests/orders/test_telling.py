"""Buyers get their receipt, their parcel's number and every word about a refund; shops hear too."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from banyan.kernel import clock, events, relay
from banyan.kernel.actors import Actor
from banyan.notify.models import Message
from banyan.notify.queries import notifications
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.payments.events import PaymentUnplaced
from tests.support import factories as make

pytestmark = pytest.mark.django_db


def written() -> list[str]:
    """The messages, as ``kind``, in order."""
    return list(Message.objects.order_by("id").values_list("kind", flat=True))


def test_a_guest_gets_one_receipt_with_the_way_back_for_two_shops() -> None:
    checkout = make.pay(make.place((make.variant(price=1_000), 1), (make.variant(price=500), 1)))
    relay.drain()
    relay.drain()

    message = Message.objects.get()
    assert (message.kind, message.destination) == ("order.receipt", checkout.contact_email)
    assert f"/o/{checkout.access_token}" in message.body
    assert "15.00" in message.body


def test_the_shop_hears_of_each_paid_order_and_the_buyer_of_the_parcel() -> None:
    item, buyer = make.variant(), make.member()
    owner = item.product.shop.owner
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
    orders.ship(actor=make.actor(owner), order_id=order.pk, carrier="SF", tracking="SF123")
    relay.drain()

    [told] = notifications(owner.pk)
    assert told.url == f"/studio/{order.shop.slug}/orders/{order.pk}"
    assert order.number in told.text
    assert "on its way" in notifications(buyer.pk)[0].text
    assert written() == ["order.receipt", "order.shipped"]
    assert "SF123" in Message.objects.get(kind="order.shipped").body


def test_a_refund_is_written_of_with_its_amount_and_its_page() -> None:
    item = make.variant(price=1_000)
    order = make.pay(make.place((item, 1))).orders.get()
    refund = orders.grant_refund(
        actor=make.actor(item.product.shop.owner),
        order_id=order.pk,
        amount=400,
        reason="A scratch",
        key="one",
    )
    relay.drain()

    message = Message.objects.get(kind="order.refunded")
    assert "4.00" in message.body
    assert f"/refunds/{refund.pk}?o={order.checkout.access_token}" in message.body


@pytest.mark.parametrize(
    ("paid", "words"), [(True, "paid already"), (False, "too late")], ids=["twice", "too late"]
)
def test_money_that_came_in_vain_is_told_of(paid: bool, words: str) -> None:
    buyer = make.member()
    checkout = make.place((make.variant(price=1_000), 1), buyer=buyer)
    if paid:
        make.pay(checkout)
    told = PaymentUnplaced(
        intent_id=checkout.intent_id or 0,
        subject_kind="checkout",
        subject_id=checkout.pk,
        amount=1_000,
        currency=checkout.currency,
        reason="",
    )
    with transaction.atomic():
        events.emit(told, actor=Actor.system("test"))
    relay.drain()

    [shown] = [one for one in notifications(buyer.pk) if "to the payer" in one.text]
    assert words in shown.text
    assert checkout.number in shown.text
    assert "10.00" in shown.text
    message = Message.objects.get(kind="payment.back")
    assert "10.00 goes back to the payer" in message.subject
    assert ("Nothing will be sent" in message.body) is not paid


def test_what_is_long_past_is_not_written_of() -> None:
    with clock.at(clock.now() - dt.timedelta(days=3)):
        make.pay(make.place((make.variant(), 1)))
    relay.drain()
    assert Order.objects.get().state == "paid"
    assert written() == []


def test_a_return_is_told_to_the_shop_and_its_answer_to_the_buyer() -> None:
    item = make.variant()
    owner = item.product.shop.owner
    order = make.pay(make.place((item, 1))).orders.get()
    orders.ship(actor=make.actor(owner), order_id=order.pk, carrier="SF")
    token = order.checkout.access_token
    asked = orders.ask_return(
        actor=Actor.guest(),
        order_id=order.pk,
        units={order.lines.get().pk: 1},
        reason="damaged",
        key="r",
        access_token=token,
    )
    orders.approve_return(actor=make.actor(owner), return_id=asked.pk, address="Warehouse 7")
    relay.drain()

    assert any(asked.number in told.text for told in notifications(owner.pk))
    message = Message.objects.get(kind="order.return")
    assert f"/returns/{asked.pk}?o={token}" in message.body
    assert "agrees" in message.body


def test_each_parcel_is_told_of() -> None:
    item = make.variant()
    order = make.pay(make.place((item, 2))).orders.get()
    line = order.lines.get().pk
    for number in ("SF-0001", "SF-0002"):
        orders.ship(
            actor=make.actor(item.product.shop.owner),
            order_id=order.pk,
            carrier="SF",
            tracking=number,
            units={line: 1},
        )
    relay.drain()
    bodies = Message.objects.filter(kind="order.shipped").values_list("body", flat=True)
    assert sorted(n for n in ("SF-0001", "SF-0002") for body in bodies if n in body) == [
        "SF-0001",
        "SF-0002",
    ]
