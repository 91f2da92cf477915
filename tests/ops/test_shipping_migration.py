"""Shops of before keep what they asked for shipping: as a zone for everywhere with one way."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from banyan.catalog.models import ShippingMethod, ShippingZone
from tests.support import factories as make

BEFORE = ("catalog", "0008_prices_tax_and_delivery")


@pytest.mark.usefixtures("threaded_db")  # constraints are added outside a transaction
def test_what_a_shop_asked_for_shipping_becomes_its_first_zone() -> None:
    cheap, dear, done = (make.shop() for _ in range(3))
    ShippingZone.objects.exclude(shop=done).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE catalog_shop SET shipping_amount = 900, free_shipping_from = 20000"
            " WHERE id = %s",
            [dear.pk],
        )
    from importlib import import_module

    module = import_module("banyan.catalog.migrations.0009_shipping_moves_to_zones")
    state = MigrationExecutor(connection).loader.project_state([BEFORE])
    for _again in range(2):
        module.keep_shipping(state.apps, None)
    ways = {
        way.zone.shop_id: (way.zone.places, way.bands, way.free_from, way.currency)
        for way in ShippingMethod.objects.select_related("zone")
    }
    assert ways[cheap.pk] == (["*"], [[0, 0]], None, "CNY")
    assert ways[dear.pk] == (["*"], [[0, 900]], 20_000, "CNY")
    assert ShippingZone.objects.filter(shop=done).count() == 1
    assert ShippingMethod.objects.count() == 3
