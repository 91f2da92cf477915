"""One play of every mechanic, ready to be rushed at, and what a rush comes to."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from banyan.campaigns import actions as campaigns
from banyan.campaigns.actions.playing import Played
from banyan.campaigns.models import Instance
from banyan.campaigns.problems import Refused
from banyan.kernel.models import StateChange
from banyan.kernel.money import Money
from banyan.kernel.problems import Busy
from banyan.payments.actions.credit import issue_credit
from banyan.people.models import Account
from tests.campaigns.scene import SYSTEM, begun, campaign, coupon, somebody
from tests.support import factories as make
from tests.support.threads import kinds, run_at_once

T = TypeVar("T")


def pack(places: int = 3) -> Instance:
    shop = make.shop()
    of = campaign(shop, "coupon_pack", coupon=coupon(shop).pk, places=places, sender=-1)
    return begun(of, somebody())


def likes(many: int = 3) -> Instance:
    shop = make.shop()
    return begun(campaign(shop, "like_collection", coupon=coupon(shop).pk, likes=many), somebody())


def entry(helpers: int = 2) -> Instance:
    shop = make.shop()
    of = campaign(shop, "assist_draw", prize=coupon(shop).pk, count=1, helpers=helpers)
    return begun(of, somebody())


def turns(helpers: int = 2) -> Instance:
    shop = make.shop()
    of = campaign(shop, "instant_draw", prize=coupon(shop).pk, helpers=helpers)
    return begun(of, somebody())


def bargain(people: int = 3, **values: Any) -> Instance:
    item = make.variant(price=10_000, stock=9)
    values = {"variant": item.pk, "floor": 4_000, "people": people} | values
    return begun(campaign(item.product.shop, "bargain", **values), somebody())


def group(people: int = 3) -> Instance:
    item = make.variant(price=10_000, stock=50)
    values = {"variant": item.pk, "people": people, "price": 7_000}
    return begun(campaign(item.product.shop, "group_buy", **values), somebody())


def packet(count: int = 3, total: int = 1_000) -> Instance:
    ana = somebody()
    issue_credit(
        actor=SYSTEM, account_id=ana.pk, amount=Money(total, "CNY"), key="gift", reason="gift"
    )
    of = campaigns.standing_campaign(mechanic_code="red_packet", currency="CNY")
    given = {"total": str(total), "count": str(count)}
    return campaigns.begin(actor=make.actor(ana), code=of.code, given=given)


def patient(call: Callable[[], T]) -> T:
    """Try again while too many others do, as people are told to: a machine may be loaded."""
    while True:
        with contextlib.suppress(Busy):
            return call()


def rush(
    act: Callable[[Instance, Account], Any], at: Instance, people: Sequence[Account]
) -> list[Any]:
    """Let everybody act at once; whoever is not in was refused."""
    found = run_at_once(*(lambda who=who: patient(lambda: act(at, who)) for who in people))
    assert all(isinstance(one, Played | Refused) for one in found), kinds(found)
    at.refresh_from_db()
    return [one for one in found if isinstance(one, Played)]


def moves(one: Instance) -> Counter[str]:
    """Return how often an instance moved to which state."""
    rows = StateChange.objects.filter(subject_id=one.pk, machine__startswith="campaigns.")
    return Counter(rows.values_list("target", flat=True))
