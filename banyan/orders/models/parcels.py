"""What was sent, in which parcel."""

from __future__ import annotations

from django.db import models

from banyan.kernel.ids import IdField

from .purchase import Order


class Shipment(models.Model):
    """A parcel of an order (the trunk ships an order in one parcel)."""

    id = IdField(primary_key=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="shipments")
    carrier = models.CharField(max_length=40)
    tracking = models.CharField(max_length=60, blank=True, default="")
    shipped_at = models.DateTimeField()

    class Meta:
        db_table = "orders_shipment"
