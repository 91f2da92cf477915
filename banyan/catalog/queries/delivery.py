"""A shop's zones and price lists, for its managers' pages."""

from __future__ import annotations

from django.db.models import Count, QuerySet

from ..models import PriceList, ShippingZone, TaxZone


def shipping_zones(shop_id: int) -> QuerySet[ShippingZone]:
    """Return a shop's shipping zones, oldest first; two statements with their ``methods``."""
    return ShippingZone.objects.filter(shop_id=shop_id).order_by("id").prefetch_related("methods")


def tax_zones(shop_id: int) -> QuerySet[TaxZone]:
    """Return a shop's tax zones, oldest first."""
    return TaxZone.objects.filter(shop_id=shop_id).order_by("id")


def price_lists(shop_id: int) -> QuerySet[PriceList]:
    """Return a shop's price lists, newest first, with ``price_count``."""
    rows = PriceList.objects.filter(shop_id=shop_id).order_by("-id")
    return rows.annotate(price_count=Count("prices"))
