"""Images: the original (private), its renditions (public), and staged uploads."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField


class Image(models.Model):
    """A picture after intake: oriented, in sRGB, stripped of metadata.

    ``owner_id`` is an account of a higher floor. ``palette`` is the nearest of the 64
    placeholder colours. ``preview`` is a 16 px WebP data URI.
    """

    id = IdField(primary_key=True)
    owner_id = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, db_index=True)
    original = models.CharField(max_length=200)
    width = models.IntegerField()
    height = models.IntegerField()
    palette = models.SmallIntegerField(default=0)
    preview = models.TextField(blank=True, default="")
    alt = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "media_image"


class Rendition(models.Model):
    """One variant: ``fmt`` avif, webp or jpeg at ``width`` px; the file name holds its content hash."""

    id = IdField(primary_key=True)
    image = models.ForeignKey(Image, on_delete=models.CASCADE, related_name="renditions")
    fmt = models.CharField(max_length=4)
    width = models.IntegerField()
    height = models.IntegerField()
    file = models.CharField(max_length=200)
    bytes = models.IntegerField()

    class Meta:
        db_table = "media_rendition"
        constraints = [
            models.UniqueConstraint(fields=["image", "fmt", "width"], name="rendition_once")
        ]


class StagedUpload(models.Model):
    """A picture uploaded before its form was sent; a refused form keeps it by ``token``."""

    id = IdField(primary_key=True)
    token = models.CharField(max_length=40, unique=True)
    image = models.ForeignKey(Image, on_delete=models.CASCADE)
    owner_id = models.BigIntegerField(null=True)
    visitor = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "media_stagedupload"
        indexes = [
            models.Index(fields=["created_at"], name="staged_unused", condition=Q(used_at=None))
        ]
