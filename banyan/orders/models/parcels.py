"""What was sent, in which parcel."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField

from .purchase import Order, OrderLine


class Shipment(models.Model):
    """A parcel of an order; what is in it are its ``lines``.

    ``key`` makes sending repeatable; it is looked for under the order's lock.
    """

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    carrier = models.CharField(max_length=40)
    tracking = models.CharField(max_length=60, blank=True, default="")
    key = models.CharField(max_length=80, blank=True, default="", db_default="")
    shipped_at = models.DateTimeField()

    class Meta:
        db_table = "orders_shipment"


class ShipmentLine(models.Model):
    """So many units of a line, in one parcel."""

    id = IdField(primary_key=True)
    shipment = models.ForeignKey(Shipment, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="parcels")
    quantity = models.IntegerField()

    class Meta:
        db_table = "orders_shipmentline"
        constraints = [
            models.UniqueConstraint(fields=["shipment", "line"], name="shipment_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="shipment_line_quantity"),
        ]
