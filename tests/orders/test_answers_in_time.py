"""A shop that never answers: reminded, then the law or the desk decides, once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.kernel.models import StoredEvent
from banyan.kernel.problems import Conflict
from banyan.ledger.proof import verify
from banyan.market import actions as market
from banyan.market.models import Dispute, Escrow
from banyan.notify.models import Message, Notification
from banyan.orders import actions as orders
from banyan.orders.models import Order, OrderRefund, Return
from tests.market.deals import bought, listing
from tests.orders.test_returns import ADDRESS, ask, boss, sent, two_kinds
from tests.support import factories as make
from tests.support.recount import recount

pytestmark = pytest.mark.django_db

SYSTEM = Actor.system("test")


def with_address(order: Order) -> Order:
    """Let the order's shop say where returns go."""
    orders.set_terms(
        actor=boss(order),
        shop_id=order.shop_id,
        confirm_days=10,
        return_days=30,
        return_address=ADDRESS,
        instructions="No glue",
    )
    return order


def later(days: float) -> Any:
    return clock.at(clock.now() + dt.timedelta(days=days))


def wish_money(order: Order) -> OrderRefund:
    return orders.ask_refund(
        actor=Actor.guest(),
        order_id=order.pk,
        amount=700,
        reason="Late",
        key=f"m{order.pk}",
        access_token=order.checkout.access_token,
    )


def told(kind: str) -> list[Notification]:
    return list(Notification.objects.filter(kind=kind))


def test_a_return_within_the_days_of_the_law_is_agreed_to_at_its_deadline() -> None:
    asked = ask(with_address(sent(2)))
    assert asked.due_by == asked.created_at + dt.timedelta(days=3)
    with clock.at(asked.due_by - dt.timedelta(seconds=1)):
        assert orders.answer_overdue(actor=SYSTEM) == 0
    with clock.at(asked.due_by):
        assert [orders.answer_overdue(actor=SYSTEM) for _ in range(2)] == [1, 0]
        relay.drain()

    asked.refresh_from_db()
    assert (asked.state, asked.address, asked.instructions) == ("approved", ADDRESS, "No glue")
    assert asked.due_by == asked.created_at + dt.timedelta(days=17)
    assert not Dispute.objects.exists()
    assert len(told("return.accepted")) == 1
    mail = Message.objects.get(kind="order.return")
    assert "agrees to your return" in mail.body


@pytest.mark.parametrize("why", ["too late for the law", "an exchange", "no address"])
def test_other_returns_go_to_the_desk_once(why: str) -> None:
    if why == "an exchange":
        order, _red, blue = two_kinds()
        with_address(order)
        asked = ask(order, exchange={order.lines.get().pk: blue.pk})
    elif why == "no address":
        asked = ask(sent(2))
    else:
        order = with_address(sent(2))
        with later(8):
            asked = ask(order)
    assert asked.due_by is not None

    with clock.at(asked.due_by):
        assert [orders.answer_overdue(actor=SYSTEM) for _ in range(2)] == [1, 0]
        relay.drain()
        relay.drain()

    found = Return.objects.get(pk=asked.pk)
    assert (found.state, found.due_by) == ("asked", None)
    assert found.escalated_at is not None
    case = Dispute.objects.get()
    everything = {"an exchange": 2_000}.get(why, 2_500)
    assert case.claim_amount == everything, "with the shipping, as all of it comes back"
    assert [entry.side for entry in case.entries.order_by("id")] == ["platform"]
    assert "did not answer" in Message.objects.get(kind="order.return").body
    assert len(told("dispute.opened")) == 1


def test_what_was_not_yet_received_is_within_the_law_however_late_it_is_asked() -> None:
    shop = make.shop()
    order = make.pay(make.place((make.variant(shop), 1))).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    order.refresh_from_db()
    with_address(order)
    with later(9):
        asked = ask(order)
    with later(13):
        orders.answer_overdue(actor=SYSTEM)
    asked.refresh_from_db()
    assert asked.state == "approved"


def test_what_members_sell_to_each_other_goes_to_the_desk_and_its_money_is_frozen() -> None:
    owner = make.member()
    order = bought(listing(), owner)
    seller, buyer = make.actor(order.shop.owner), make.actor(owner)
    orders.ship(actor=seller, order_id=order.pk, carrier="SF")
    asked = orders.ask_return(
        actor=buyer,
        order_id=order.pk,
        units={order.lines.get().pk: 1},
        reason="damaged",
        text="It is cracked",
        key="r",
    )
    orders.set_terms(
        actor=seller, shop_id=order.shop_id, confirm_days=10, return_days=7, return_address=ADDRESS
    )
    with later(3.1):
        orders.answer_overdue(actor=SYSTEM)
        relay.drain()

    asked.refresh_from_db()
    assert asked.state == "asked"
    assert Escrow.objects.get(order=order).state == "disputed"
    case = Dispute.objects.get()
    assert [(e.side, e.author_id) for e in case.entries.order_by("id")] == [
        ("platform", None),
        ("buyer", buyer.id),
    ]


def test_a_wish_for_money_goes_to_the_desk_and_is_paid_when_it_says_so() -> None:
    order = sent(2)
    asked = wish_money(order)
    assert asked.answer_by == asked.created_at + dt.timedelta(days=3)
    office = make.actor(make.staff("support"))
    with later(3.1):
        assert [orders.answer_overdue(actor=SYSTEM) for _ in range(2)] == [1, 0]
        relay.drain()
        with pytest.raises(Conflict) as late:
            orders.refuse_refund(actor=boss(order), refund_id=asked.pk, reason="no")
        case = Dispute.objects.get()
        assert case.claim_amount == 700
        market.decide_dispute(
            actor=office, dispute_id=case.pk, refund_amount=700, reason="It was late"
        )

    assert late.value.code == "answer_too_late"
    asked.refresh_from_db()
    order.refresh_from_db()
    assert (asked.state, order.refunded_amount) == ("withdrawn", 700), "paid once, by the decision"
    assert verify().clean
    assert recount() == {}


@pytest.mark.parametrize(("amount", "ends"), [(2_000, "refunded"), (0, "refused")])
def test_the_decision_ends_the_return_whose_goods_stay(amount: int, ends: str) -> None:
    order = sent(2)
    asked = ask(order)
    office = make.actor(make.staff("support"))
    with later(3.1):
        orders.answer_overdue(actor=SYSTEM)
        relay.drain()
        market.decide_dispute(
            actor=office,
            dispute_id=Dispute.objects.get().pk,
            refund_amount=amount,
            reason="So be it",
        )

    asked.refresh_from_db()
    order.refresh_from_db()
    assert (asked.state, asked.answer, order.refunded_amount) == (ends, "So be it", amount)
    assert order.lines.get().returned_quantity == 0
    assert recount() == {}


def test_what_was_paid_back_before_the_case_was_opened_needs_none() -> None:
    order = sent(1)
    asked = ask(order)
    with later(3.1):
        orders.answer_overdue(actor=SYSTEM)
        orders.grant_refund(
            actor=boss(order), order_id=order.pk, amount=1_500, reason="Sorry", key="all"
        )
        relay.drain()
    asked.refresh_from_db()
    assert asked.state == "refunded"
    assert not Dispute.objects.exists()
    assert recount() == {}


def test_a_case_that_is_withdrawn_ends_the_wish_too() -> None:
    order = sent(1)
    asked, token = ask(order), order.checkout.access_token
    with later(3.1):
        orders.answer_overdue(actor=SYSTEM)
        relay.drain()
        market.withdraw_dispute(
            actor=Actor.guest(), dispute_id=Dispute.objects.get().pk, access_token=token
        )
    asked.refresh_from_db()
    assert asked.state == "withdrawn"


@pytest.mark.parametrize("act", ["approve", "refuse", "money"])
def test_the_shop_answers_in_time_or_not_at_all(act: str) -> None:
    order, _red, blue = two_kinds()
    asked = ask(order, exchange={order.lines.get().pk: blue.pk})
    acts: dict[str, Any] = {
        "approve": lambda: orders.approve_return(
            actor=boss(order), return_id=asked.pk, address=ADDRESS
        ),
        "refuse": lambda: orders.refuse_return(actor=boss(order), return_id=asked.pk, reason="no"),
        "money": lambda: orders.offer_money(actor=boss(order), return_id=asked.pk),
    }
    assert asked.due_by is not None
    with clock.at(asked.due_by), pytest.raises(Conflict) as late:
        acts[act]()
    assert late.value.code == "answer_too_late", "by the clock, not by when the job runs"
    with clock.at(asked.due_by - dt.timedelta(seconds=1)):
        acts[act]()
    if act != "money":
        with clock.at(asked.due_by):
            assert orders.answer_overdue(actor=SYSTEM) == 0


def test_the_shop_is_reminded_once_a_day_before_and_not_of_what_it_answered() -> None:
    order, other = sent(2), sent(1)
    asked, answered, money = ask(order), ask(other), wish_money(order)
    with later(1.9):
        assert orders.remind_shops(actor=SYSTEM) == 0
    with later(2.1):
        orders.refuse_return(actor=boss(other), return_id=answered.pk, reason="no")
        assert [orders.remind_shops(actor=SYSTEM) for _ in range(2)] == [2, 0]
        relay.drain()

    urls = {one.url for one in told("answer.due")}
    studio = f"/studio/{order.shop.slug}"
    assert urls == {f"{studio}/returns/{asked.pk}", f"{studio}/orders/{order.pk}"}
    assert OrderRefund.objects.get(pk=money.pk).reminded_at is not None


def test_what_was_asked_before_there_were_deadlines_gets_one() -> None:
    order = sent(2)
    asked, money = ask(order), wish_money(order)
    Return.objects.update(due_by=None)
    OrderRefund.objects.update(answer_by=None)
    with later(100):
        assert orders.answer_overdue(actor=SYSTEM) == 0
        orders.remind_shops(actor=SYSTEM)
        asked.refresh_from_db()
        money.refresh_from_db()
        assert asked.due_by == money.answer_by == clock.now() + dt.timedelta(days=3)
    assert not StoredEvent.objects.filter(name="order.answer_due").exists()


def test_both_sides_read_until_when(midday: None) -> None:
    order = sent(1)
    asked, money = ask(order), wish_money(order)
    shopper, owner = Client(), Client()
    owner.force_login(order.shop.owner)
    token = order.checkout.access_token
    pages = [
        shopper.get(f"/returns/{asked.pk}?o={token}"),
        shopper.get(f"/refunds/{money.pk}?o={token}"),
        owner.get(f"/studio/{order.shop.slug}/returns/{asked.pk}"),
        owner.get(f"/refunds/{money.pk}"),
    ]
    assert asked.due_by is not None
    for shown in pages:
        body = shown.content.decode()
        assert "The shop answers until" in body
        assert f"{asked.due_by:%Y-%m-%d}" in body
    with later(3.1):
        orders.answer_overdue(actor=SYSTEM)
    at_desk = owner.get(f"/studio/{order.shop.slug}/returns/{asked.pk}").content.decode()
    assert "Nobody answered in time" in at_desk
    assert "Agree to the return" not in at_desk
