"""Everything that decides a price, read by one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from banyan.kernel.remembered import remembered

from ..access import visible_variants
from ..models import (
    ListPrice,
    PriceListAccount,
    ShippingMethod,
    ShippingZone,
    TaxZone,
    Variant,
)
from ..rules import Delivery, Listed, delivery_of, listed_of

_METHOD = (
    "id", "name", "currency", "basis", "bands", "free_from", "days_min", "days_max",
)  # fmt: skip
_TAX = ("name", "places", "standard_rate", "reduced_rate", "included", "per", "rounding")


def _zones(shop: OuterRef) -> ArraySubquery:
    methods = ShippingMethod.objects.filter(zone_id=OuterRef("pk")).order_by("position", "id")
    zones = ShippingZone.objects.filter(shop_id=shop).order_by("id")
    return ArraySubquery(
        zones.values(
            row=JSONObject(
                places=F("places"),
                methods=ArraySubquery(methods.values(row=JSONObject(**_all(_METHOD)))),
            )
        )
    )


def _taxes(shop: OuterRef) -> ArraySubquery:
    zones = TaxZone.objects.filter(shop_id=shop).order_by("id")
    return ArraySubquery(zones.values(row=JSONObject(**_all(_TAX))))


def _all(names: Iterable[str]) -> dict[str, F]:
    return {name: F(name) for name in names}


def _priced(rows: QuerySet[Variant], at: dt.datetime, account_id: int) -> QuerySet[Variant]:
    lists = (
        ListPrice.objects.filter(variant_id=OuterRef("pk"))
        .filter(Q(price_list__starts_at=None) | Q(price_list__starts_at__lte=at))
        .filter(Q(price_list__ends_at=None) | Q(price_list__ends_at__gt=at))
        .filter(
            ~Q(price_list__audience="accounts")
            | Exists(
                PriceListAccount.objects.filter(
                    price_list_id=OuterRef("price_list_id"), account_id=account_id
                )
            )
        )
        .order_by("id")
    )
    row = JSONObject(
        amount=F("amount"),
        min_quantity=F("min_quantity"),
        currency=F("price_list__currency"),
        list_id=F("price_list_id"),
        list_name=F("price_list__name"),
        audience=F("price_list__audience"),
    )
    return rows.annotate(
        list_rows=ArraySubquery(lists.values(row=row)),
        zone_rows=_zones(OuterRef("product__shop_id")),
        tax_rows=_taxes(OuterRef("product__shop_id")),
    )


def priced(variant_ids: list[int], at: dt.datetime, account_id: int) -> QuerySet[Variant]:
    """Return those of some variants that anybody may buy, with what decides their price.

    ``product``, ``shop`` and ``stock`` come along. See ``listed`` for the lists in force at ``at``
    for the account (0: a visitor), ``delivery`` for the shop's zones. One statement.
    """
    rows = visible_variants().filter(pk__in=variant_ids)
    return _priced(rows.select_related("product__shop", "stock"), at, account_id)


priced_variants = remembered(priced)


def on_sale(product_id: int, at: dt.datetime, account_id: int) -> QuerySet[Variant]:
    """Return a product's active variants, in order, as ``priced_variants`` reads them."""
    rows = Variant.objects.filter(product_id=product_id, is_active=True)
    return _priced(rows.select_related("product__shop", "stock"), at, account_id)


def listed(variant: Variant) -> list[Listed]:
    """Return the list prices that ``priced_variants`` has read."""
    return [listed_of(row) for row in variant.list_rows]  # type: ignore[attr-defined]  # annotated


def delivery(variant: Variant) -> Delivery:
    """Return the zones of its shop that ``priced_variants`` has read."""
    return delivery_of(variant.zone_rows, variant.tax_rows)  # type: ignore[attr-defined]  # annotated
