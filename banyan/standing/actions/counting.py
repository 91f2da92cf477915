"""Keeping where shops stand, so that their pages need not count."""

from __future__ import annotations

from banyan.catalog.actions import note_standing
from banyan.catalog.models import Shop
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.orders.models import Order

from ..queries import Standing, standing_of
from ..rules import WINDOW


def count_again(*, actor: Actor, shop_id: int) -> Standing:
    """Count a shop's facts and keep where it stands by them. Repeatable."""
    standing = standing_of(shop_id)
    note_standing(actor=actor, shop_id=shop_id, standing=standing.verdict.state)
    return standing


def count_all(*, actor: Actor) -> int:
    """Count every shop that sold something lately or stands anywhere but new; returns how many."""
    since = clock.now() - WINDOW
    selling = Order.objects.filter(paid_at__gt=since).values("shop_id")
    shops = Shop.objects.filter(pk__in=selling) | Shop.objects.exclude(standing="new")
    ids = list(shops.order_by("id").values_list("id", flat=True))
    for shop_id in ids:
        count_again(actor=actor, shop_id=shop_id)
    return len(ids)
