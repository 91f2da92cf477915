"""What who opened a group earns by an order is not passed on to its shop."""

from __future__ import annotations

from typing import Any

import pytest

from banyan.campaigns import actions as campaigns
from banyan.earnings.settling import settle_order
from banyan.ledger.proof import verify
from banyan.orders.models import Order
from banyan.payments import actions as payments
from banyan.payments import jobs
from banyan.payments.access import get_intent_of
from banyan.payments.models import Payout, PayoutReturn
from tests.campaigns.scene import DAY, SYSTEM, begun, campaign, crowd, join
from tests.campaigns.test_group_money import arrive, bought, decide, owed_to
from tests.payments.stripe.conftest import gateway, stripe_process
from tests.payments.stripe.gateway import Gateway
from tests.payments.till import balance
from tests.support import factories as make

__all__ = ["gateway", "stripe_process"]

pytestmark = pytest.mark.django_db


def test_what_the_leader_earns_stays_with_the_platform(gateway: Gateway, settings: Any) -> None:
    settings.STRIPE_CONNECT = True
    item = make.variant(price=10_000)
    of = campaign(
        item.product.shop, "group_buy", variant=item.pk, people=2, price=7_000, leader_perk=500
    )
    ana, ben = crowd(2)
    group = begun(of, ana)
    bought(item, ana)
    join(group, ben)
    order = make.place((item, 1), buyer=ben, provider="stripe").orders.get()
    intent = get_intent_of("checkout", order.checkout_id)
    payments.start(actor=SYSTEM, intent_id=intent.pk, return_url="http://shop.test/", locale="en")
    intent.refresh_from_db()
    gateway.pay(intent)
    gateway.tell("checkout.session.completed")
    campaigns.settle_orders(actor=SYSTEM)
    payments.connect_account(
        actor=make.actor(order.shop.owner),
        owner_kind="shop",
        owner_id=order.shop_id,
        provider="stripe",
        account=gateway.control("account")["id"],
        name="Shop",
    )
    before = balance("shop_payable", owner_id=order.shop_id)
    arrive(Order.objects.get(pk=order.pk))

    settle_order(actor=SYSTEM, order_id=order.pk, key=f"received:{order.pk}")
    jobs.run_sweep()
    decide(8 * DAY)
    settle_order(actor=SYSTEM, order_id=order.pk, key="later")

    assert owed_to(ana) == 500
    assert Payout.objects.get(subject_kind="order_split").amount == 6_500
    assert not PayoutReturn.objects.exists()
    assert balance("shop_payable", owner_id=order.shop_id) == before - 7_000
    assert verify().clean
