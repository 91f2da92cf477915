"""What is asked and answered after the sale reaches who has to know, and ends when it is done."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Conflict, NotFound
from banyan.notify.models import Message
from banyan.notify.queries import notifications
from banyan.orders import actions as orders
from banyan.orders.models import Fapiao, Order, OrderRefund
from banyan.people.models import Account
from tests.support import factories as make
from tests.support.recount import recount
from tests.web.studio.scene import client, scene

from .test_returns import approve, ask, boss, two_kinds

pytestmark = pytest.mark.django_db
CODE = "91350100M000100Y43"


def told(account: Account) -> list[str]:
    relay.drain()
    return [one.text for one in notifications(account.pk)]


def paid(*quantities: int, price: int = 1_000) -> Order:
    shop = make.shop()
    wanted = ((make.variant(shop, price=price), n) for n in quantities)
    return make.pay(make.place(*wanted)).orders.get()


def wish(order: Order, amount: int, *, lines: dict[int, int] | None = None) -> OrderRefund:
    return orders.ask_refund(
        actor=Actor.guest(),
        order_id=order.pk,
        amount=amount,
        lines=lines,
        reason="it is late",
        key=f"wish:{order.pk}",
        access_token=order.checkout.access_token,
    )


def cancel(order: Order, units: dict[int, int] | None = None) -> OrderRefund | None:
    return orders.cancel_order(
        actor=Actor.guest(),
        order_id=order.pk,
        units=units,
        key=f"cancel:{order.pk}",
        access_token=order.checkout.access_token,
    )


def ask_fapiao(order: Order) -> Fapiao:
    return orders.ask_fapiao(
        actor=Actor.guest(),
        order_id=order.pk,
        title_kind="company",
        title="杭州窑",
        tax_id=CODE,
        email="a@example.com",
        access_token=order.checkout.access_token,
    )


def test_a_wish_for_money_is_told_to_the_shop_and_its_refusal_to_the_buyer() -> None:
    order = paid(1)
    asked = wish(order, 500)
    assert any("money back is asked for" in text for text in told(order.shop.owner))

    orders.refuse_refund(actor=boss(order), refund_id=asked.pk, reason="it left on time")
    relay.drain()

    message = Message.objects.get(kind="refund.refused")
    assert message.destination == order.checkout.contact_email
    assert f"/refunds/{asked.pk}?o={order.checkout.access_token}" in message.body
    assert "5.00" in message.body


def test_a_member_is_told_of_a_refusal_on_the_page() -> None:
    at = scene()
    asked = orders.ask_refund(
        actor=make.actor(at.buyer), order_id=at.order.pk, amount=100, reason="late", key="w"
    )
    orders.refuse_refund(actor=make.actor(at.owner), refund_id=asked.pk, reason="no")
    assert any("gives no money back" in text for text in told(at.buyer))


def test_a_fapiao_is_told_to_the_shop_and_its_answer_to_the_buyer_with_a_page_that_is_there() -> (
    None
):
    order = paid(1)
    ask_fapiao(order)
    assert any("发票 is asked for" in text for text in told(order.shop.owner))

    orders.refuse_fapiao(actor=boss(order), order_id=order.pk, reason="the title is wrong")
    ask_fapiao(order)
    orders.issue_fapiao(actor=boss(order), order_id=order.pk, number="24332000000012345678")
    relay.drain()

    refused, issued = Message.objects.filter(kind="fapiao.answered").order_by("id")
    assert "as you asked" in refused.body
    assert "is issued" in issued.body
    path = reverse("order_fapiao", args=[order.checkout.access_token, order.pk])
    assert path in issued.body
    assert "24332000000012345678" in client().get(path).content.decode()


def test_that_money_is_offered_for_an_exchange_is_told_to_the_buyer_and_not_to_the_shop() -> None:
    order, _red, blue = two_kinds()
    asked = ask(order, exchange={order.lines.get().pk: blue.pk})
    told(order.shop.owner)
    before = len(told(order.shop.owner))

    orders.offer_money(actor=boss(order), return_id=asked.pk)

    assert len(told(order.shop.owner)) == before
    message = Message.objects.get(kind="order.return")
    assert "for money instead" in message.body
    approve(asked)
    relay.drain()
    assert "agrees" in Message.objects.filter(kind="order.return").order_by("id")[1].body


def test_that_a_return_has_lapsed_is_told_to_the_buyer() -> None:
    order, _red, _blue = two_kinds()
    asked = approve(ask(order))
    relay.drain()
    with clock.at(clock.now() + dt.timedelta(days=15)):
        assert orders.lapse_returns(actor=Actor.system("test")) == 1
        relay.drain()
    message = Message.objects.order_by("id").last()
    assert message is not None
    assert (message.kind, message.subject) == ("order.return", "Your return has ended")
    assert f"/returns/{asked.pk}" in message.body


def test_the_shop_is_told_what_it_need_not_pack_any_more() -> None:
    at = scene()
    orders.cancel_order(actor=make.actor(at.buyer), order_id=at.order.pk, key="c")
    assert any("was cancelled before it was sent" in text for text in told(at.owner))


def test_what_the_platform_undoes_by_its_rules_rings_at_no_shop() -> None:
    order = paid(1)
    orders.undo_orders(actor=Actor.system("group"), order_ids=[order.pk], reason="not full")
    assert not any("cancelled" in text for text in told(order.shop.owner))


def test_a_wish_ends_when_what_it_asked_for_is_paid_back_otherwise() -> None:
    order = paid(2)
    asked = wish(order, 2_000)

    cancel(order)

    asked.refresh_from_db()
    assert asked.state == "withdrawn"
    page = client().get(f"/o/{order.checkout.access_token}").content.decode()
    assert "the shop decides" not in page
    assert "paid back otherwise" in page
    queue = reverse("studio_orders", args=[order.shop.slug])
    assert order.number not in client(order.shop.owner).get(f"{queue}?state=asked").content.decode()
    with pytest.raises(Conflict) as late:
        orders.refuse_refund(actor=boss(order), refund_id=asked.pk, reason="no")
    assert late.value.code == "refund_not_open"
    assert recount() == {}


def test_a_wish_stays_open_while_something_of_it_is_left() -> None:
    order = paid(2, 1)
    first, second = order.lines.order_by("id")
    asked = wish(order, 0, lines={first.pk: 500, second.pk: 500})

    cancel(order, {first.pk: 2})
    asked.refresh_from_db()
    assert asked.state == "requested"

    orders.grant_refund(
        actor=boss(order), order_id=order.pk, amount=1_000, reason="sorry", key="rest"
    )
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


def test_a_fapiao_is_for_what_is_left_when_it_is_written() -> None:
    order = paid(2)
    ask_fapiao(order)
    cancel(order, {order.lines.get().pk: 1})
    assert Fapiao.objects.get().amount == 1_000

    orders.issue_fapiao(actor=boss(order), order_id=order.pk, number="24332000000012345678")
    orders.grant_refund(actor=boss(order), order_id=order.pk, amount=300, reason="a dent", key="r")

    assert Fapiao.objects.get().amount == 1_000, "it is issued as it is"
    url = reverse("studio_order", args=[order.shop.slug, order.pk])
    page = client(order.shop.owner).get(url).content.decode()
    assert "3.00 was paid back since" in page


def test_a_fapiao_of_what_is_paid_back_in_full_waits_for_nobody() -> None:
    order = paid(1)
    ask_fapiao(order)
    cancel(order)
    assert Fapiao.objects.get().state == "withdrawn"
    with pytest.raises(Conflict):
        orders.issue_fapiao(actor=boss(order), order_id=order.pk, number="24332000000012345678")


def other_street(order: Order, by: Actor, token: str = "") -> None:
    wished = orders.Wish("address", address={"street": "Hill Road 9"})
    shown = orders.preview_change(actor=by, order_id=order.pk, wish=wished, access_token=token)
    orders.confirm_change(
        actor=by,
        order_id=order.pk,
        wish=wished,
        fingerprint=shown.fingerprint,
        key=f"c{order.pk}",
        access_token=token,
    )


@pytest.mark.parametrize("guest", [True, False])
def test_the_shop_is_told_that_the_buyer_changed_the_address(guest: bool) -> None:
    item, buyer = make.variant(), None if guest else make.member()
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()
    token = order.checkout.access_token if guest else ""
    other_street(order, Actor.guest() if buyer is None else make.actor(buyer), token)
    assert any("has changed where order" in text for text in told(order.shop.owner))
    assert not Message.objects.filter(kind="order.changed").exists()


def test_the_buyer_is_told_what_the_shop_changed_and_reads_it_on_the_page() -> None:
    order = paid(1)
    other_street(order, boss(order))
    relay.drain()
    message = Message.objects.get(kind="order.changed")
    assert f"/o/{order.checkout.access_token}" in message.body
    page = client().get(f"/o/{order.checkout.access_token}").content.decode()
    assert "The order was changed" in page
    assert "→ Hill Road 9" in page


def test_an_address_is_changed_by_buyer_shop_and_support_and_by_no_other_staff() -> None:
    order = paid(1)
    with pytest.raises(NotFound):
        other_street(order, make.actor(make.staff("finance")))
    other_street(order, make.actor(make.staff("support")))
