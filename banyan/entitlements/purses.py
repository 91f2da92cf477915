"""Reads of points: what a member may spend, and what a shop owes in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet, Sum

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.money import Money
from banyan.kernel.remembered import remembered

from .models import PointsLot, PointsPurse, PointsTerms, PointsUse
from .rules import Purse


@remembered
def _purses(
    account_id: int, currency: str, shop_ids: list[int], at: dt.datetime
) -> QuerySet[PointsPurse]:
    good = Q(lots__state="available", lots__expires_at__gt=at)
    found = PointsPurse.objects.filter(
        account_id=account_id, terms__currency=currency, terms_id__in=shop_ids, available__gt=0
    )
    return found.annotate(free=Sum("lots__left", filter=good)).select_related("terms")


def purses_of(*, actor: Actor, shop_ids: Iterable[int], currency: str) -> dict[int, Purse]:
    """Return what a member can spend now in some shops, by shop. One statement; none for guests."""
    if actor.id is None:
        return {}
    rows = _purses(actor.id, currency, sorted(shop_ids), clock.now())
    return {
        row.terms_id: Purse(
            row.pk, row.terms_id, row.free or 0, row.terms.worth, row.terms.most_percent
        )
        for row in rows
    }


def terms_of(shop_id: int) -> PointsTerms | None:
    """Return what a shop gives for points; None before it has said so."""
    return PointsTerms.objects.filter(shop_id=shop_id).first()


def outstanding(terms: PointsTerms) -> tuple[int, Money]:
    """Return the points that a shop's buyers hold, frozen and reserved ones too, and their worth.

    Its liability if all of them are spent. Two statements.
    """
    lots = PointsLot.objects.filter(purse__terms=terms, state__in=["granted", "available"])
    uses = PointsUse.objects.filter(purse__terms=terms, state="reserved")
    points = (lots.aggregate(n=Sum("left"))["n"] or 0) + (uses.aggregate(n=Sum("points"))["n"] or 0)
    return points, Money(points * terms.worth, terms.currency)


def frozen_points(purses: Sequence[PointsPurse]) -> dict[int, int]:
    """Return the points that are still frozen, by purse. One statement."""
    lots = PointsLot.objects.filter(purse__in=purses, state="granted")
    return dict(lots.values_list("purse").annotate(n=Sum("left")))


def purses_in(checkout_id: int) -> list[int]:
    """Return the purses out of which a checkout is or was paid. One statement."""
    uses = PointsUse.objects.filter(checkout_id=checkout_id).order_by("purse_id")
    return list(uses.values_list("purse_id", flat=True))


def purse_ids(account_id: int, shop_id: int) -> list[int]:
    """Return the id of a member's purse in a shop, if there is one. One statement."""
    found = PointsPurse.objects.filter(account_id=account_id, terms_id=shop_id)
    return list(found.values_list("id", flat=True))


MOST_SHOWN = 100


def last_lots(purses: Sequence[PointsPurse]) -> list[PointsLot]:
    """Return the newest lots of some purses, newest first. One statement."""
    return list(PointsLot.objects.filter(purse__in=purses).order_by("-id")[:MOST_SHOWN])


def last_uses(purses: Sequence[PointsPurse]) -> list[PointsUse]:
    """Return the newest uses of some purses, newest first. One statement."""
    return list(PointsUse.objects.filter(purse__in=purses).order_by("-id")[:MOST_SHOWN])
