"""The same chain through the real actions of orders and payments, from the link to the refund."""

from __future__ import annotations

import datetime as dt

import pytest

from banyan.earnings import actions, queries
from banyan.earnings.models import Commission
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.ledger import proof
from banyan.market import actions as market
from banyan.orders import actions as orders
from banyan.orders.models import Checkout, Order
from banyan.sharing import actions as sharing
from banyan.sharing.models import Link
from tests.support import factories as make

from . import story

pytestmark = pytest.mark.django_db


def _shared(levels: int = 1) -> tuple[Order, list[Link]]:
    """Ana shares, Ben shares on, Cy buys and pays."""
    shop = make.shop()
    actions.set_plan(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        rate_bps=1000,
        levels=levels,
        direct_bps=7000,
    )
    item = make.variant(shop, price=9_950)
    links: list[Link] = []
    for name in ("ana", "ben"):
        sharer = make.actor(make.member(name))
        via = links[-1] if links else None
        links.append(
            sharing.share(actor=sharer, target_kind="product", target_id=item.product_id, via=via)
        )
    checkout = make.pay(make.place((item, 2), via=links[-1].code, buyer=make.member("cy")))
    return checkout.orders.get(), links


def test_ana_to_ben_to_cy_pays_ben_and_counts_in_anas_report() -> None:
    order, (anas, bens) = _shared()
    assert order.state == "paid"
    commission = Commission.objects.get(order=order)
    assert (commission.payee_id, commission.amount, commission.state) == (
        bens.owner_id,
        1_990,
        "pending",
    )
    assert queries.link_report(anas).orders == 1
    told = queries.why(actor=story.as_actor(bens.owner), commission_id=commission.pk)
    assert [step.handle for step in told.path] == ["ana", "ben"]
    assert proof.verify().clean


def test_a_refund_of_forty_percent_after_receipt_takes_forty_percent_back() -> None:
    order, (_, bens) = _shared()
    owner = make.actor(order.shop.owner)
    orders.ship(actor=owner, order_id=order.pk, carrier="SF")
    buyer = order.checkout.buyer
    assert buyer is not None
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    commission = Commission.objects.get(order=order)
    assert commission.state == "held"
    with clock.at(clock.now() + dt.timedelta(days=8)):
        assert actions.release_due(actor=story.SYSTEM) == 1
    assert story.book(bens.owner) == 1_990
    orders.grant_refund(
        actor=owner, order_id=order.pk, amount=7_960, reason="came late", key="late"
    )
    commission.refresh_from_db()
    assert (commission.reversed_amount, story.book(bens.owner)) == (796, 1_194)
    orders.grant_refund(
        actor=owner, order_id=order.pk, amount=11_940, reason="came broken", key="broken"
    )
    commission.refresh_from_db()
    assert (commission.state, story.book(bens.owner)) == ("reversed", 0)
    assert story.shop_balance(order.shop) == 0
    assert proof.verify().clean


def test_an_order_that_is_given_up_ends_its_quotes() -> None:
    shop = make.shop()
    actions.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1000)
    item = make.variant(shop)
    link = sharing.share(
        actor=make.actor(make.member()), target_kind="product", target_id=item.product_id, via=None
    )
    checkout: Checkout = make.place((item, 1), via=link.code)
    assert Commission.objects.get(order__checkout=checkout).state == "quoted"
    with clock.at(checkout.expires_at):
        orders.expire_due(actor=Actor.system("test"))
    assert Commission.objects.get(order__checkout=checkout).state == "expired"


def test_two_shops_in_one_payment_each_pay_their_own_sharer() -> None:
    items, links = [], []
    for _ in range(2):
        shop = make.shop()
        actions.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1000)
        item = make.variant(shop, price=5_000)
        items.append(item)
        links.append(
            sharing.share(
                actor=make.actor(make.member()),
                target_kind="product",
                target_id=item.product_id,
                via=None,
            )
        )
    checkout = orders.place(
        actor=Actor.guest(),
        lines=[
            orders.WantedLine(item.pk, 1, via=link.code)
            for item, link in zip(items, links, strict=True)
        ],
        contact=orders.Contact(email="cy@example.com"),
        address=make.ADDRESS,
        placement_key="both",
        provider="sandbox",
    )
    make.pay(checkout)
    assert [story.book(link.owner, "earner_held") for link in links] == [500, 500]
    assert proof.verify().clean


def _with_shipping() -> Order:
    """Ana brings Cy a lamp and a vase: 60.00 and 40.00, sent for 10.00, a tenth is hers."""
    shop = make.shop(shipping_amount=1_000)
    actions.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=1000)
    lamp, vase = make.variant(shop, price=6_000), make.variant(shop, price=4_000)
    link = sharing.share(
        actor=make.actor(make.member("ana")), target_kind="shop", target_id=shop.pk, via=None
    )
    placed = make.place((lamp, 1), (vase, 1), via=link.code, buyer=make.member("cy"))
    order = make.pay(placed).orders.get()
    orders.ship(actor=make.actor(shop.owner), order_id=order.pk, carrier="SF")
    return order


def _earned(order: Order) -> list[int]:
    rows = Commission.objects.filter(order=order).order_by("line_id")
    return [each.amount - each.reversed_amount for each in rows]


def test_shipping_that_is_paid_back_takes_nothing_from_who_brought_the_goods() -> None:
    order = _with_shipping()
    boss, wish = make.actor(order.shop.owner), orders.Wish("shipping", amount=1_000)
    shown = orders.preview_change(actor=boss, order_id=order.pk, wish=wish)
    orders.confirm_change(
        actor=boss, order_id=order.pk, wish=wish, fingerprint=shown.fingerprint, key="free"
    )
    assert _earned(order) == [600, 400]

    orders.grant_refund(actor=boss, order_id=order.pk, amount=5_000, reason="late", key="half")
    assert _earned(order) == [300, 200]
    orders.grant_refund(actor=boss, order_id=order.pk, amount=5_000, reason="lost", key="rest")
    assert _earned(order) == [0, 0]
    assert proof.verify().clean


def test_goods_that_come_back_bring_their_sharer_nothing_though_their_shipping_is_kept() -> None:
    order = _with_shipping()
    boss, buyer = make.actor(order.shop.owner), order.checkout.buyer
    assert buyer is not None
    lamp = order.lines.order_by("id")[0]
    asked = orders.ask_return(
        actor=make.actor(buyer),
        order_id=order.pk,
        units={lamp.pk: 1},
        reason="changed_mind",
        key="back",
    )
    orders.approve_return(actor=boss, return_id=asked.pk, address="Dock 7, Harbour")
    orders.receive_return(actor=boss, return_id=asked.pk)
    found = {asked.lines.get().pk: orders.Found(accepted=1)}
    orders.settle_return(actor=boss, return_id=asked.pk, found=found, at_fault=False)

    order.refresh_from_db()
    assert (order.refunded_amount, _earned(order)) == (6_000, [0, 400])
    orders.grant_refund(actor=boss, order_id=order.pk, amount=5_000, reason="lost", key="rest")
    assert _earned(order) == [0, 0]
    assert proof.verify().clean


@pytest.mark.parametrize(("back", "earned"), [(0, 1_990), (19_900, 0)])
def test_while_the_desk_has_to_decide_nobody_is_paid(back: int, earned: int) -> None:
    order, _links = _shared()
    buyer = order.checkout.buyer
    assert buyer is not None
    orders.ship(actor=make.actor(order.shop.owner), order_id=order.pk, carrier="SF")
    orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    dispute = market.open_dispute(
        actor=make.actor(buyer),
        order_id=order.pk,
        reason="damaged",
        claim_amount=19_900,
        body="The glaze is cracked.",
    )

    with clock.at(clock.now() + dt.timedelta(days=30)):
        assert actions.release_due(actor=story.SYSTEM) == 0
        market.decide_dispute(
            actor=make.actor(make.staff("support")),
            dispute_id=dispute.pk,
            refund_amount=back,
            reason="Seen.",
        )
        actions.release_due(actor=story.SYSTEM)

    commission = Commission.objects.get(order=order)
    assert story.book(commission.payee, "earner_payable") == earned
    assert proof.verify().clean
