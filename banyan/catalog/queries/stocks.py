"""The shop's stock as a table: what is where, promised, kept and free."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from banyan.kernel import search

from ..models import Shop, Stock, StockAt, StockLocation, StockMovement, Variant

_FREE = F("on_hand") - F("allocated") - F("reserved") - F("held")


def stock_table(shop: Shop, *, query: str = "", show: str = "all") -> QuerySet[Stock]:
    """Return the stock of a shop's variants that are sold, newest product first.

    ``show``: all, low (at or under the threshold) or out. ``query`` are words, or a SKU.
    """
    rows = (
        Stock.objects.filter(variant__product__shop=shop, variant__is_active=True)
        .exclude(variant__product__state="archived")
        .select_related("variant__product")
        .prefetch_related(
            Prefetch("places", StockAt.objects.select_related("location").order_by("location_id"))
        )
        .annotate(units=_FREE, threshold=Coalesce(F("low_at"), shop.low_stock_at))
        .order_by("-variant__product_id", "variant__position", "variant_id")
    )
    if query:
        wanted = search.asked(query)
        words = Q(variant__product__words__words=wanted) if wanted else Q(pk=None)
        rows = rows.filter(words | Q(variant__sku__iexact=query))
    if show == "low":
        return rows.filter(units__lte=F("threshold"))
    return rows.filter(units__lte=0) if show == "out" else rows


def free_units(variant_id: int) -> int:
    """Return how many units of a variant anybody can order now. One statement."""
    rows = Stock.objects.filter(variant=variant_id).annotate(units=_FREE)
    return rows.values_list("units", flat=True).first() or 0


def locations_of(shop: Shop) -> list[StockLocation]:
    """Return a shop's further locations, oldest first."""
    return list(StockLocation.objects.filter(shop=shop).order_by("id"))


def movements_of(variant: Variant, *, before: int | None = None) -> QuerySet[StockMovement]:
    """Return a variant's movements, newest first, older than ``before``."""
    rows = StockMovement.objects.filter(stock__variant=variant).select_related("location")
    return (rows if before is None else rows.filter(pk__lt=before)).order_by("-id")


def stock_rows(shop: Shop, *, query: str = "", show: str = "all") -> Iterator[list[Any]]:
    """Yield the table, or what of it is asked for, as rows of a file: a head, then the variants."""
    places = locations_of(shop)
    yield [
        *("sku", "product", "variant", "on_hand", "reserved", "allocated", "held", "free"),
        *(f"at {place.name}" for place in places),
    ]
    for stock in stock_table(shop, query=query, show=show).iterator(chunk_size=500):
        at = {place.location_id: place.on_hand for place in stock.places.all()}
        variant = stock.variant
        yield [
            variant.sku,
            variant.product.title,
            " / ".join(variant.values),
            stock.on_hand,
            stock.reserved,
            stock.allocated,
            stock.held,
            stock.free,
            *(at.get(place.pk, 0) for place in places),
        ]
