"""Keeping where shops stand, so that their pages need not count."""

from __future__ import annotations

from banyan.catalog.actions import note_standing
from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.sweeps import sweep
from banyan.orders.models import Order

from ..queries import Standing, standing_of
from ..rules import WINDOW

MOST_SHOPS = 100_000


def count_again(*, actor: Actor, shop_id: int) -> Standing:
    """Count a shop's facts and keep where it stands by them. Repeatable."""
    standing = standing_of(shop_id)
    note_standing(actor=actor, shop_id=shop_id, standing=standing.verdict.state)
    return standing


def count_all(*, actor: Actor) -> int:
    """Count every shop that sold something lately or stands anywhere but new; returns how many.

    One that cannot be counted keeps no other from it.
    """
    since = clock.now() - WINDOW
    selling = Order.objects.filter(paid_at__gt=since).values("shop_id")
    shops = Shop.objects.filter(pk__in=selling) | Shop.objects.exclude(standing="new")

    def count(shop_id: int) -> int:
        count_again(actor=actor, shop_id=shop_id)
        return 1

    return sweep("standing.count", shops, count, most=MOST_SHOPS)
