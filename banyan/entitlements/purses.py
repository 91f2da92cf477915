"""Reads of points: what a member may spend, and what a shop owes in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject

from banyan.kernel.money import Money
from banyan.kernel.remembered import remembered

from .models import PointsLot, PointsPurse, PointsTerms, PointsUse
from .rules import Purse


def purse_rows(shop: OuterRef, account_id: int, at: dt.datetime) -> ArraySubquery:
    """Return a member's purse in a ``shop`` as a column of another row, if there is one.

    For :func:`purses_of_rows`. Claims no statement.
    """
    good = PointsLot.objects.filter(
        purse=OuterRef("pk"), state="available", left__gt=0, expires_at__gt=at
    )
    free = good.values("purse").annotate(n=Sum("left")).values("n")
    mine = PointsPurse.objects.filter(account_id=account_id, terms=shop, available__gt=0)
    return ArraySubquery(
        mine.annotate(points=Coalesce(Subquery(free), 0)).values(
            row=JSONObject(
                purse_id=F("id"),
                shop_id=F("terms_id"),
                points=F("points"),
                worth=F("terms__worth"),
                most_percent=F("terms__most_percent"),
                currency=F("terms__currency"),
            )
        )
    )


def purses_of_rows(rows: Iterable[Sequence[Mapping[str, Any]]], currency: str) -> dict[int, Purse]:
    """Return what a member can spend in ``currency``, by shop, of :func:`purse_rows`."""
    found = {}
    for row in (one for each in rows for one in each if one["currency"] == currency):
        found[row["shop_id"]] = Purse(
            row["purse_id"], row["shop_id"], row["points"], row["worth"], row["most_percent"]
        )
    return found


def terms_of(shop_id: int) -> PointsTerms | None:
    """Return what a shop gives for points; None before it has said so."""
    return PointsTerms.objects.filter(shop_id=shop_id).first()


def gives_points(shop_id: int) -> bool:
    """Tell whether a shop gives points for what is bought now."""
    return bool(_given(shop_id))


@remembered
def _given(shop_id: int) -> QuerySet[PointsTerms]:
    return PointsTerms.objects.filter(shop_id=shop_id, is_on=True)


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
