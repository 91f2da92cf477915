"""Reads of the market for pages: listings near by, the timeline of an order and its dispute."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Expression, F, FloatField, Q, QuerySet
from django.db.models.functions import ASin, Cast, Cos, Least, Power, Radians, Sin, Sqrt

from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange
from banyan.orders.models import Order
from banyan.orders.states import ORDER

from .access import visible_listings
from .models import Dispute, DisputeEntry, Escrow, Listing
from .rules import EARTH_KM, GRID, Place, box
from .states import ESCROW


@dataclass(frozen=True, slots=True)
class Near:
    """A listing, and how far it is in kilometres where both places are known."""

    listing: Listing
    km: float | None


def listings_in(
    viewer: Actor, region: str = "", before: int | None = None, limit: int = 25
) -> list[Near]:
    """Return listings, newest first, of a region (as sellers name it) or of all. One statement."""
    found = visible_listings(viewer).filter(_in(region))
    if before is not None:
        found = found.filter(pk__lt=before)
    return [Near(listing, None) for listing in found[:limit]]


def _in(region: str) -> Q:
    return Q(level1__iexact=region) | Q(level2__iexact=region) if region else Q()


def listings_near(
    viewer: Actor,
    center: Place,
    km: float,
    limit: int = 25,
    *,
    region: str = "",
    skip: int = 0,
) -> list[Near]:
    """Return what is within ``km`` of a place, of a region if one is named, nearest first.

    The newest first of what is as near. ``skip`` leaves the nearest so many out. One statement.
    """
    low, high, ranges = box(center, km)
    inside = Q()
    for west, east in ranges:
        inside |= Q(longitude__gte=west, longitude__lte=east)
    found = visible_listings(viewer).filter(inside, _in(region))
    found = found.filter(latitude__gte=low, latitude__lte=high)
    found = found.annotate(km=_km_from(center)).filter(km__lte=km).order_by("km", "-id")
    return [Near(one, one.km) for one in found[skip : skip + limit]]


def _km_from(center: Place) -> Expression:
    """Return ``rules.distance_km`` from a place, of a listing's row."""
    here, there = math.radians(center.latitude / GRID), _radians(F("latitude"))
    lat = Power(Sin((there - here) / 2.0), 2)
    lon = Power(Sin((_radians(F("longitude")) - math.radians(center.longitude / GRID)) / 2.0), 2)
    h = lat + Cos(there) * lon * math.cos(here)
    return ASin(Least(Sqrt(h), 1.0)) * (2 * EARTH_KM)


def _radians(hundredths: F) -> Expression:
    return Radians(Cast(hundredths, FloatField()) / float(GRID))


def regions(viewer: Actor, limit: int = 30) -> list[str]:
    """Return the regions in which something is for sale, in order of their names. One statement."""
    found = visible_listings(viewer).order_by("level1").values_list("level1", flat=True).distinct()
    return list(found[:limit])


def listing_of(product_id: int) -> Listing | None:
    """Return the listing of a product, if it is one. One statement."""
    return Listing.objects.select_related("seller").filter(product_id=product_id).first()


def escrow_for(order: Order) -> Escrow | None:
    """Return the escrow of an order, once there is one."""
    return Escrow.objects.filter(order=order).first()


def disputes_of(order_ids: Iterable[int]) -> dict[int, list[Dispute]]:
    """Return the disputes of orders, by order, newest first. One statement."""
    found: dict[int, list[Dispute]] = {}
    for dispute in Dispute.objects.filter(order_id__in=list(order_ids)).order_by("-id"):
        found.setdefault(dispute.order_id, []).append(dispute)
    return found


def argued_about() -> QuerySet[Dispute, int]:
    """Return the ids of the orders that have an open dispute, as a query."""
    return Dispute.objects.filter(state="open").values_list("order_id", flat=True)


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: ``what`` is a state of ``aspect`` (order, escrow) or "said"."""

    at: dt.datetime
    aspect: str
    what: str
    entry: DisputeEntry | None = None


def timeline(dispute: Dispute) -> list[Moment]:
    """Return what happened to the order and its money, and what was said, oldest first.

    Both sides and the platform see the same. Three statements.
    """
    order = dispute.order
    subjects = Q(machine=ORDER.name, subject_id=order.pk)
    escrow = escrow_for(order)
    if escrow is not None:
        subjects |= Q(machine=ESCROW.name, subject_id=escrow.pk)
    moments = [Moment(order.created_at, "order", "placed")]
    for change in StateChange.objects.filter(subjects):
        aspect = "order" if change.machine == ORDER.name else "escrow"
        moments.append(Moment(change.at, aspect, change.target))
    for entry in dispute.entries.select_related("author"):
        moments.append(Moment(entry.at, "dispute", "said", entry))
    return sorted(moments, key=lambda one: one.at)
