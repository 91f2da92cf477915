"""Collections: goods of a shop that belong together, chosen one by one or by rules."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField

from .goods import Product, Shop


class Collection(models.Model):
    """A named part of a shop. Of ``kind`` manual it holds its items, in order; of kind rules
    whatever meets its ``conditions`` (see ``rules.Condition``) when it is looked at.

    ``match``: all of the conditions, or any. ``sort``: newest, price_up or price_down.
    """

    id = IdField(primary_key=True)
    shop = models.ForeignKey(
        Shop, on_delete=models.CASCADE, related_name="collections", db_index=False
    )
    slug = models.CharField(max_length=60)
    title = models.CharField(max_length=80)
    about = models.CharField(max_length=600, blank=True, default="")
    kind = models.CharField(max_length=8, default="manual")
    match = models.CharField(max_length=4, default="all")
    conditions = models.JSONField(default=list)
    sort = models.CharField(max_length=10, default="newest")
    is_shown = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "catalog_collection"
        constraints = [
            models.UniqueConstraint(fields=["shop", "slug"], name="collection_slug_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["manual", "rules"])
                & Q(match__in=["all", "any"])
                & Q(sort__in=["newest", "price_up", "price_down"]),
                name="collection_words",
            ),
        ]


class CollectionItem(models.Model):
    """A product of a manual collection, at its place."""

    id = IdField(primary_key=True)
    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="items", db_index=False
    )
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    position = models.IntegerField()

    class Meta:
        db_table = "catalog_collectionitem"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "product"], name="collection_product_once"
            )
        ]
