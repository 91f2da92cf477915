"""Where a shop delivers and how, and what tax is due there.

``places`` is a list of "*" (everywhere), "DE" (a country) or "US:CA" (a country, and what the
province or the postcode begins with). The nearest of a shop's zones counts.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from banyan.kernel.ids import IdField

from .goods import Shop


class ShippingZone(models.Model):
    """Places that a shop delivers to in the same ways; without a method it does not deliver."""

    id = IdField(primary_key=True)
    shop = models.ForeignKey(
        Shop, on_delete=models.CASCADE, related_name="shipping_zones", db_index=False
    )
    name = models.CharField(max_length=60)
    places = models.JSONField(default=list)

    class Meta:
        db_table = "catalog_shippingzone"
        constraints = [
            models.UniqueConstraint(fields=["shop", "name"], name="shipping_zone_name_once")
        ]


class ShippingMethod(models.Model):
    """A way of delivery to a zone, for orders in ``currency``.

    ``bands`` is [[from, amount], ...], the first from 0: grams where ``basis`` is weight, minor
    units of goods where it is value, a single band where it is flat. ``free_from``: the goods'
    value after discounts from which it costs nothing.
    """

    id = IdField(primary_key=True)
    zone = models.ForeignKey(ShippingZone, on_delete=models.CASCADE, related_name="methods")
    name = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    basis = models.CharField(max_length=6, default="flat")
    bands = models.JSONField(default=list)
    free_from = models.BigIntegerField(null=True)
    days_min = models.IntegerField(null=True)
    days_max = models.IntegerField(null=True)
    position = models.IntegerField(default=0)

    class Meta:
        db_table = "catalog_shippingmethod"
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(basis__in=["flat", "weight", "value"]), name="shipping_method_basis"
            ),
            models.CheckConstraint(
                condition=Q(free_from=None) | Q(free_from__gte=0), name="shipping_method_free_from"
            ),
            models.CheckConstraint(
                condition=Q(days_min=None, days_max=None)
                | Q(days_min__gte=0, days_max__gte=F("days_min")),
                name="shipping_method_days",
            ),
        ]


class TaxZone(models.Model):
    """The tax that a shop owes for sales to some places; rates are parts per million.

    ``included``: the shop's prices contain it there; else it comes on top. ``per``: rounded for
    each line, or once for the order and rate. ``rounding``: half_up or half_even.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(
        Shop, on_delete=models.CASCADE, related_name="tax_zones", db_index=False
    )
    name = models.CharField(max_length=60)
    places = models.JSONField(default=list)
    standard_rate = models.IntegerField()
    reduced_rate = models.IntegerField(default=0)
    included = models.BooleanField(default=True)
    per = models.CharField(max_length=5, default="line")
    rounding = models.CharField(max_length=9, default="half_up")

    class Meta:
        db_table = "catalog_taxzone"
        constraints = [
            models.UniqueConstraint(fields=["shop", "name"], name="tax_zone_name_once"),
            models.CheckConstraint(
                condition=Q(standard_rate__range=(0, 1_000_000))
                & Q(reduced_rate__range=(0, 1_000_000)),
                name="tax_zone_rates",
            ),
            models.CheckConstraint(
                condition=Q(per__in=["line", "order"]) & Q(rounding__in=["half_up", "half_even"]),
                name="tax_zone_rounding",
            ),
        ]
