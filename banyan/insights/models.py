"""Imported cascades and their nodes; everything else here is computed from the chain itself."""

from __future__ import annotations

from django.db import models

from banyan.kernel.ids import IdField


class Cascade(models.Model):
    """A reshare cascade read from a file of share events."""

    id = IdField(primary_key=True)
    source = models.CharField(max_length=80)
    external_id = models.CharField(max_length=60)
    root_user = models.CharField(max_length=60)
    published_at = models.DateTimeField()
    declared_size = models.IntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        db_table = "insights_cascade"
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="cascade_once")
        ]


class CascadeShare(models.Model):
    """One share event of an imported cascade; the root has no parent."""

    id = IdField(primary_key=True)
    cascade = models.ForeignKey(Cascade, on_delete=models.CASCADE, related_name="shares")
    user = models.CharField(max_length=60)
    parent_user = models.CharField(max_length=60, blank=True, default="")
    seconds = models.BigIntegerField()

    class Meta:
        db_table = "insights_cascadeshare"
        constraints = [
            models.UniqueConstraint(fields=["cascade", "user"], name="cascade_share_once")
        ]
