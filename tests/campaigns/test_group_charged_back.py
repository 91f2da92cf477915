"""What who opened a group earns waits while the payer's bank has the payment in hand."""

from __future__ import annotations

import pytest

from banyan.campaigns import actions as campaigns
from banyan.ledger.proof import verify
from banyan.orders.models import Order
from tests.earnings.test_chargebacks import hear
from tests.payments.fixtures import till_settings
from tests.support import factories as make

from .scene import DAY, SYSTEM, begun, campaign, crowd, join
from .test_group_money import arrive, bought, decide, owed_to

__all__ = ["till_settings"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("till_settings")]


@pytest.mark.parametrize(("end", "earned"), [("won", 500), ("lost", 0)])
def test_the_leader_waits_for_what_the_bank_decides(end: str, earned: int) -> None:
    item = make.variant(price=10_000)
    of = campaign(
        item.product.shop, "group_buy", variant=item.pk, people=2, price=7_000, leader_perk=500
    )
    ana, ben = crowd(2)
    group = begun(of, ana)
    bought(item, ana)
    join(group, ben)
    order = make.pay(make.place((item, 1), buyer=ben, provider="scripted")).orders.get()
    campaigns.settle_orders(actor=SYSTEM)
    arrive(Order.objects.get(pk=order.pk))
    hear(order, "needs_response", 7_000)

    decide(8 * DAY)
    assert owed_to(ana) == 0, "the bank has not decided yet"

    hear(order, end, 7_000, *([-7_000] if end == "won" else []))
    decide(10 * DAY)
    assert owed_to(ana) == earned
    assert verify().clean
