"""Price lists, zones and taxes of a shop, made by its owner."""

from __future__ import annotations

from typing import Any

from banyan.catalog import actions as catalog
from banyan.catalog.models import PriceList, ShippingMethod, ShippingZone, Shop, TaxZone, Variant

from . import factories as make


def price_list(
    shop: Shop, prices: dict[Variant, int], *, from_quantity: int = 1, **values: Any
) -> PriceList:
    """Return a list with one price for each variant, for everyone in the shop's currency."""
    owner = make.actor(shop.owner)
    number = PriceList.objects.count()
    data = catalog.ListInput(**({"name": f"List {number}", "currency": shop.currency} | values))
    made = catalog.save_price_list(actor=owner, shop_id=shop.pk, data=data)
    rows = [catalog.RowInput(item.pk, amount, from_quantity) for item, amount in prices.items()]
    return catalog.set_list_prices(actor=owner, shop_id=shop.pk, list_id=made.pk, rows=rows)


def zone(shop: Shop, *places: str, name: str = "") -> ShippingZone:
    """Return a shipping zone without a way of delivery."""
    return catalog.save_shipping_zone(
        actor=make.actor(shop.owner), shop_id=shop.pk, name=name or places[0], places=places
    )


def way(of: ShippingZone, amount: int = 0, **values: Any) -> ShippingMethod:
    """Return a flat way of delivery to a zone, unless ``values`` say otherwise."""
    shop = of.shop
    given = {"name": "Post", "currency": shop.currency, "bands": [(0, amount)]} | values
    return catalog.save_shipping_method(
        actor=make.actor(shop.owner),
        shop_id=shop.pk,
        zone_id=of.pk,
        data=catalog.MethodInput(**given),
    )


def first_way(shop: Shop) -> ShippingMethod:
    """Return the way of delivery that a new shop has."""
    return ShippingMethod.objects.get(zone__shop=shop, zone__places=["*"])


def tax(shop: Shop, *places: str, rate: int = 190_000, **values: Any) -> TaxZone:
    """Return a tax zone; the rate is parts per million and on top, unless ``values`` say so."""
    given: dict[str, Any] = {"name": places[0], "places": places, "standard_rate": rate}
    given |= {"included": False} | values
    return catalog.save_tax_zone(
        actor=make.actor(shop.owner), shop_id=shop.pk, data=catalog.TaxInput(**given)
    )
