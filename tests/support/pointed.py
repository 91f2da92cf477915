"""Shops that give points, and members who have some."""

from __future__ import annotations

import datetime as dt
from typing import Any

from banyan.catalog.models import Shop
from banyan.entitlements import actions as entitlements
from banyan.entitlements.models import PointsLot, PointsPurse, PointsTerms
from banyan.kernel import clock
from banyan.people.models import Account
from tests.support import factories as make


def points_of(shop: Shop, **said: Any) -> PointsTerms:
    """Let a shop give points: one for each unit, worth one minor unit, half the goods at most."""
    words = {"earn": 1, "worth": 1, "most_percent": 50, "life_days": 365, "is_on": True} | said
    return entitlements.set_points_terms(actor=make.actor(shop.owner), shop_id=shop.pk, **words)


def give(
    account: Account, shop: Shop, points: int, *, days: int = 365, order: int = 0
) -> PointsLot:
    """Put points into a member's purse that came from an order of long ago."""
    order = order or int(clock.now().timestamp() * 1_000_000)
    purse, _ = PointsPurse.objects.get_or_create(account=account, terms_id=shop.pk)
    now = clock.now()
    lot = PointsLot.objects.create(
        purse=purse,
        order_id=order,
        order_number=f"OLD-{order % 1000}",
        points=points,
        left=points,
        state="available",
        life_days=days,
        available_at=now,
        expires_at=now + dt.timedelta(days=days),
        created_at=now,
    )
    purse.available += points
    purse.save()
    return lot


def purse_of(account: Account, shop: Shop) -> tuple[int, int]:
    """Return what a member has available and owes; checks that the lots say the same."""
    purse = PointsPurse.objects.get(account=account, terms_id=shop.pk)
    lots = PointsLot.objects.filter(purse=purse, state="available")
    assert purse.available == sum(lots.values_list("left", flat=True))
    return purse.available, purse.owed
