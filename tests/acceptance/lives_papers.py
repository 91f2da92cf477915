"""Whole lives of goods that come back and of 发票, for ``test_whole_life``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.catalog.actions import VariantInput
from banyan.catalog.models import Variant
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.market import actions as market
from banyan.market.models import Dispute
from banyan.orders import actions as orders
from banyan.orders.models import Order, Return
from tests.support import factories as make

SYSTEM = Actor.system("test")


def of_fapiao(settings: Any) -> None:
    """A 发票 is withdrawn, refused, asked for again and issued."""
    item = make.variant(stock=5)
    owner, buyer = make.actor(item.product.shop.owner), make.member()
    order = make.pay(make.place((item, 1), buyer=buyer)).orders.get()

    def ask() -> None:
        orders.ask_fapiao(
            actor=make.actor(buyer),
            order_id=order.pk,
            title_kind="personal",
            title="杭州窑",
            email="a@example.com",
        )

    ask()
    orders.withdraw_fapiao(actor=make.actor(buyer), order_id=order.pk)
    ask()
    orders.refuse_fapiao(actor=owner, order_id=order.pk, reason="The title is wrong.")
    ask()
    done = orders.issue_fapiao(actor=owner, order_id=order.pk, number="24332000000012345678")
    assert done.state == "issued"


class _Counter:
    """A shop with cups in two colours, and a member who sends some of them back."""

    def __init__(self) -> None:
        kinds = [VariantInput(values=[kind], price=2_000, on_hand=50) for kind in ("red", "blue")]
        product = make.product(options=["Colour"], variants=kinds)
        self.red, self.blue = product.variants.order_by("id")
        self.owner = make.actor(product.shop.owner)
        self.buyer = make.member()

    def asked(self, *, to: Variant | None = None) -> Return:
        order: Order = make.pay(make.place((self.red, 1), buyer=self.buyer)).orders.get()
        orders.ship(actor=self.owner, order_id=order.pk, carrier="SF")
        orders.confirm_receipt(actor=make.actor(self.buyer), order_id=order.pk)
        line = order.lines.get()
        return orders.ask_return(
            actor=make.actor(self.buyer),
            order_id=order.pk,
            units={line.pk: 1},
            reason="wrong_size",
            key=f"life:{order.pk}",
            exchange={line.pk: to.pk} if to else None,
        )

    def approved(self, *, to: Variant | None = None) -> Return:
        asked = self.asked(to=to)
        return orders.approve_return(actor=self.owner, return_id=asked.pk, address="Dock 7")

    def received(self, *, to: Variant | None = None) -> Return:
        back = self.approved(to=to)
        return orders.receive_return(actor=self.owner, return_id=back.pk)

    def settled(self, back: Return, accepted: int) -> Return:
        found = {back.lines.get().pk: orders.Found(accepted=accepted, restocked=accepted)}
        return orders.settle_return(
            actor=self.owner, return_id=back.pk, found=found, at_fault=False, answer="Looked at."
        )


def of_returns(settings: Any) -> None:
    """Goods come back for money, for another piece or for neither; or never come."""
    desk = _Counter()
    buyer = make.actor(desk.buyer)
    orders.refuse_return(actor=desk.owner, return_id=desk.asked().pk, reason="Worn.")
    for begun in (desk.asked(), desk.approved()):
        orders.withdraw_return(actor=buyer, return_id=begun.pk)
    sent = desk.approved()
    orders.send_return(actor=buyer, return_id=sent.pk, carrier="SF", tracking="9")
    back = orders.receive_return(actor=desk.owner, return_id=sent.pk)
    assert desk.settled(back, 1).state == "refunded"
    assert desk.settled(desk.received(), 0).state == "refused"
    swapped = desk.settled(desk.received(to=desk.blue), 1)
    assert swapped.state == "exchanged"
    orders.ship(actor=desk.owner, order_id=swapped.order_id, carrier="SF")
    never = desk.approved(to=desk.blue)
    with clock.at(clock.now() + dt.timedelta(days=15)):
        orders.lapse_returns(actor=SYSTEM)
    never.refresh_from_db()
    assert never.state == "lapsed"
    _unanswered(desk)


def _unanswered(desk: _Counter) -> None:
    """Nobody in the shop answers: it is reminded, the desk decides, and pays."""
    waits = desk.asked()
    with clock.at(clock.now() + dt.timedelta(days=2.5)):
        orders.remind_shops(actor=SYSTEM)
    with clock.at(clock.now() + dt.timedelta(days=3.5)):
        orders.answer_overdue(actor=SYSTEM)
        relay.drain()
        market.decide_dispute(
            actor=make.actor(make.staff("support")),
            dispute_id=Dispute.objects.get(order=waits.order).pk,
            refund_amount=100,
            reason="So be it",
        )
    waits.refresh_from_db()
    assert waits.state == "refunded"
