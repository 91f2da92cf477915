"""Groups of the mechanic of group buys, and buying in them."""

from __future__ import annotations

from typing import Any

from banyan.campaigns import actions as campaigns
from banyan.campaigns.models import Campaign
from banyan.catalog.models import Variant
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout
from banyan.people.models import Account
from tests.campaigns.scene import SYSTEM, assert_sound, campaign
from tests.support import factories as make
from tests.support.recount import recount


def group_of(item: Variant, **values: Any) -> Campaign:
    """Return a running group buy of three at 70.00, unless ``values`` say otherwise."""
    values = {"variant": item.pk, "people": 3, "price": 7_000} | values
    return campaign(item.product.shop, "group_buy", **values)


def order(item: Variant, who: Account) -> Checkout:
    """Return one unit ordered."""
    return make.place((item, 1), buyer=who)


def buy(item: Variant, who: Account) -> Checkout:
    """Return one unit ordered and paid."""
    return make.pay(order(item, who))


def settled() -> None:
    """Settle what is due; stock, campaign and books agree afterwards."""
    campaigns.settle_orders(actor=SYSTEM)
    assert_sound()
    assert recount() == {}
    assert verify().clean
