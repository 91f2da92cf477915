"""A stand-in for what is above orders and lets them wait: a group that is not complete."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pytest
from django.db.models import QuerySet

from banyan.catalog.models import Variant
from banyan.entitlements.models import PriceRight
from banyan.kernel import clock
from banyan.orders import ports
from banyan.orders.models import Checkout, Order, OrderLine
from banyan.orders.ports import Hold
from banyan.people.models import Account
from tests.support import factories as make

_count = itertools.count(1)


@dataclass
class Group:
    """Keeps all lines back that it is asked about, until it is ``full``; notes whose these are."""

    full: bool = False
    until: dt.datetime = field(default_factory=lambda: clock.now() + dt.timedelta(hours=2))
    asked: list[set[int]] = field(default_factory=list)

    def __call__(self, lines: Collection[OrderLine]) -> Mapping[int, Hold]:
        """Answer as a check of ``register_hold_check``."""
        self.asked.append({line.order_id for line in lines})
        hold = Hold("2 more are needed", self.until)
        return {} if self.full else {line.pk: hold for line in lines}

    def rights(self) -> QuerySet[PriceRight, int]:
        """Answer the same for lists."""
        rows = PriceRight.objects.filter(instance_id__isnull=False)
        return (rows.none() if self.full else rows).values_list("pk", flat=True)


def forming(monkeypatch: pytest.MonkeyPatch) -> Group:
    """Register a group that is not complete, for this test only."""
    group = Group()
    monkeypatch.setattr(ports, "_holds", [(group, group.rights)])
    return group


def join(
    item: Variant, *others: Variant, n: int = 1, who: Account | None = None, coupon: str = ""
) -> Order:
    """Return a paid order of a group's member: ``n`` of ``item`` at half its price."""
    return make.pay(joined(item, *others, n=n, who=who, coupon=coupon)).orders.get()


def joined(
    item: Variant, *others: Variant, n: int = 1, who: Account | None = None, coupon: str = ""
) -> Checkout:
    """Return what :func:`join` does, not yet paid."""
    number = next(_count)
    who = who or make.member()
    price = item.price_amount // 2
    make.right(who, item, price, quantity=n, campaign_id=1, instance_id=number)
    return make.place((item, n), *((one, 1) for one in others), buyer=who, coupon=coupon)
