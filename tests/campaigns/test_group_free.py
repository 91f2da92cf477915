"""Mechanic 2.5: places that a coupon pays whole, so that no payment and no refund tells of them."""

from __future__ import annotations

import pytest

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Instance, Participation
from banyan.catalog.models import Shop, Variant
from banyan.entitlements import actions as coupons
from banyan.entitlements.rules import PercentOff, Variants
from banyan.kernel import clock, relay
from banyan.ledger.models import Account as Book
from banyan.notify.models import Notification
from banyan.notify.queries import tell
from banyan.orders import actions as orders
from banyan.orders.models import Order
from banyan.people.models import Account
from tests.campaigns.groups import group_of, settled
from tests.campaigns.scene import DAY, SYSTEM, begun, crowd, join, later
from tests.support import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def item() -> Variant:
    made = make.variant(price=10_000, stock=50)
    free_by_coupon(made.product.shop, made)
    return made


def free_by_coupon(shop: Shop, item: Variant) -> None:
    """Let everybody have ``item`` for nothing, by a coupon of the shop."""
    coupons.create_coupon(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        title="On the house",
        conditions=[Variants(ids=(item.pk,))],
        benefits=[PercentOff(bps=10_000)],
        reach="auto",
        cap=50,
    )


def ordered(item: Variant, who: Account) -> Order:
    """Return a place that is paid as it is placed."""
    made = make.place((item, 1), buyer=who)
    assert (made.total_amount, made.state) == (0, "paid")
    return made.orders.get()


def of_three(item: Variant, **terms: int) -> tuple[Instance, list[Account], list[Order]]:
    people = crowd(3)
    group = begun(group_of(item, **terms), people[0])
    placed = [ordered(item, people[0])]
    for who in people[1:]:
        join(group, who)
        placed.append(ordered(item, who))
    group.refresh_from_db()
    return group, people, placed


def test_a_place_that_costs_nothing_can_be_had_where_its_leader_earns(item: Variant) -> None:
    group, (ana, *_others), placed = of_three(item, leader_perk=500)
    assert group.state == "completed"
    settled()
    for order in placed:
        buyer = order.checkout.buyer
        assert buyer is not None
        orders.ship(actor=make.actor(item.product.shop.owner), order_id=order.pk, carrier="SF")
        orders.confirm_receipt(actor=make.actor(buyer), order_id=order.pk)
    relay.drain()

    with clock.at(clock.now() + 30 * DAY):
        campaigns.advance(actor=SYSTEM)

    assert Book.objects.get(kind="earner_payable", owner_id=ana.pk).balance == 2 * 500
    settled()


def test_who_has_a_place_for_nothing_stays_in_it_when_something_else_goes_back(
    item: Variant,
) -> None:
    (ana,), cup = crowd(1), make.variant(item.product.shop)
    begun(group_of(item), ana)
    order = make.pay(make.place((item, 1), (cup, 1), buyer=ana)).orders.get()

    units = {order.lines.get(variant=cup).pk: 1}
    orders.cancel_order(actor=make.actor(ana), order_id=order.pk, key="cup", units=units)
    relay.drain()

    assert Participation.objects.get().state == "in"
    settled()


def test_a_place_for_nothing_that_is_cancelled_is_free_again(item: Variant) -> None:
    ana, bob = crowd(2)
    group = begun(group_of(item, people=2), ana)
    order = ordered(item, ana)

    orders.cancel_order(actor=make.actor(ana), order_id=order.pk, key="all")
    relay.drain()

    group.refresh_from_db()
    assert (Participation.objects.get().state, group.done) == ("out", 0)
    join(group, bob)
    ordered(item, bob)
    group.refresh_from_db()
    assert group.state == "forming", "nobody gets the price of two alone"
    settled()


def test_nothing_is_said_to_be_on_its_way_back_where_nothing_was_paid(item: Variant) -> None:
    (ana,) = crowd(1)
    group = begun(group_of(item), ana)
    ordered(item, ana)

    later(group)
    relay.drain()

    told = Notification.objects.get(recipient=ana, kind="campaign.group_failed")
    assert tell(told) == "Too few came: Together. You had paid nothing for it."
    settled()
