"""Whole lives of the members' market and of good goods, for ``test_whole_life``."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.catalog import actions as catalog
from banyan.kernel import clock, relay
from banyan.kernel.actors import Actor
from banyan.market import actions as market
from banyan.market.models import Dispute, Escrow
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.standing import actions as standing
from tests.market import deals
from tests.support import factories as make
from tests.support.pictures import staged_picture

SYSTEM = Actor.system("test")


def _sold() -> tuple[Order, Dispute]:
    """Return a deal between members that its buyer disputes."""
    one = deals.listing(deals.seller())
    buyer = make.member()
    order = deals.bought(one, buyer)
    return order, _complain(order)


def _complain(order: Order) -> Dispute:
    return market.open_dispute(
        actor=make.actor(order.checkout.buyer),  # type: ignore[arg-type]  # a member bought it
        order_id=order.pk,
        reason="damaged",
        claim_amount=order.total_amount,
        body="Broken.",
    )


def of_the_market(settings: Any) -> None:
    """Escrows are released, disputed, taken back, decided either way; listings end."""
    office = make.actor(make.staff("support"))
    order, dispute = _sold()
    market.answer_dispute(actor=office, dispute_id=dispute.pk, body="We look at it.")
    market.withdraw_dispute(actor=make.actor(order.checkout.buyer), dispute_id=dispute.pk)  # type: ignore[arg-type]  # a member
    again = _complain(order)
    market.decide_dispute(
        actor=office, dispute_id=again.pk, refund_amount=order.total_amount, reason="It is."
    )
    _order, kept = _sold()
    market.decide_dispute(actor=office, dispute_id=kept.pk, refund_amount=0, reason="It is not.")
    quiet = deals.listing(deals.seller())
    content = deals.arrived(deals.bought(quiet), quiet)
    sorry = deals.listing(deals.seller())
    back = deals.bought(sorry)
    orders.grant_refund(
        actor=make.actor(sorry.seller), order_id=back.pk, amount=10_000, reason="Lost", key="lost"
    )
    market.on_received(actor=SYSTEM, order=back, at=clock.now())
    left = deals.listing(deals.seller())
    market.withdraw_listing(actor=make.actor(left.seller), listing_id=left.pk)
    relay.drain()
    with clock.at(clock.now() + dt.timedelta(days=4)):
        market.release_due(actor=SYSTEM)
    assert Escrow.objects.get(order=content).state == "released"
    assert Escrow.objects.get(order=back).state == "returned"


def of_good_goods(settings: Any) -> None:
    """Permits, reports, appeals and takedowns in every state, and a review."""
    office = make.actor(make.staff("moderation"))
    item = make.variant(stock=20)
    shop = item.product.shop
    owner = make.actor(shop.owner)
    for granted in (False, True):
        asked = standing.ask_permit(
            actor=owner,
            shop_id=shop.pk,
            number="LIC-1",
            holder="Demo",
            picture=staged_picture(owner),
        )
        standing.decide_permit(actor=office, permit_id=asked.pk, granted=granted, reason="Seen.")
    standing.withdraw_permit(actor=office, permit_id=asked.pk, reason="It ran out.")
    today = clock.now()
    lasting = standing.ask_permit(
        actor=owner,
        shop_id=shop.pk,
        number="LIC-2",
        holder="Demo",
        valid_until=today.date(),
        picture=staged_picture(owner),
    )
    standing.decide_permit(actor=office, permit_id=lasting.pk, granted=True, reason="Seen.")
    standing.warn_of_permits(actor=SYSTEM)
    with clock.at(today + dt.timedelta(days=1)):
        standing.end_permits(actor=SYSTEM)
    buyer = make.member()
    made = [make.pay(make.place((item, 1), buyer=buyer)).orders.get() for _ in range(6)]
    received = made.pop()
    orders.ship(actor=owner, order_id=received.pk, carrier="Post")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=received.pk)
    standing.write_review(actor=make.actor(buyer), line_id=received.lines.get().pk, stars=5)
    for upheld in (True, False):
        told = standing.report_product(
            actor=make.actor(make.member()),
            product_id=item.product_id,
            reason="unsafe",
            body="Hot.",
        )
        standing.decide_report(actor=office, report_id=told.pk, upheld=upheld, reason="Seen.")
    with clock.at(clock.now() + dt.timedelta(days=4)):
        late = [("late", made[0].pk)]
        for upheld in (False, True):
            asking = standing.appeal(actor=owner, shop_id=shop.pk, facts=late, body="A storm.")
            standing.decide_appeal(actor=office, appeal_id=asking.pk, upheld=upheld, reason="Seen.")
    for state in ("active", "draft", "archived"):
        _take_down(office, state)


def _take_down(office: Actor, state: str) -> None:
    product = make.product()
    owner = make.actor(product.shop.owner)
    if state == "draft":
        catalog.unpublish_product(actor=owner, product_id=product.pk)
    if state == "archived":
        catalog.archive_product(actor=owner, product_id=product.pk)
    found = standing.take_down(
        actor=office, product_id=product.pk, reason="unsafe", words="It gets hot."
    )
    standing.settle_due(actor=SYSTEM)
    standing.lift_takedown(actor=office, takedown_id=found.pk, reason="A new model.")
