"""Images: the original (private), its renditions (public), staged uploads; short videos."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from banyan.kernel.ids import IdField


class Image(models.Model):
    """A picture after intake: oriented, in sRGB, stripped of metadata.

    ``owner_id`` is an account of a higher floor. ``palette`` is the nearest of the 64
    placeholder colours. ``preview`` is a 16 px WebP data URI. ``sha256`` is that of the upload:
    the same file of the same owner is one row. ``kept_at`` is empty while the picture has only
    been staged; such a picture is swept after two days.
    """

    id = IdField(primary_key=True)
    owner_id = models.BigIntegerField(null=True)
    sha256 = models.CharField(max_length=64)
    original = models.CharField(max_length=200)
    width = models.IntegerField()
    height = models.IntegerField()
    palette = models.SmallIntegerField(default=0)
    preview = models.TextField(blank=True, default="")
    alt = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField()
    kept_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "media_image"
        constraints = [
            models.UniqueConstraint(
                fields=["owner_id", "sha256"],
                condition=Q(owner_id__isnull=False),
                name="image_once_per_owner",
            )
        ]
        indexes = [models.Index(fields=["id"], name="image_unkept", condition=Q(kept_at=None))]


class Rendition(models.Model):
    """One variant: ``fmt`` avif, webp or jpeg at ``width`` px.

    The file name holds a hash of its content.
    """

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
    """A picture uploaded before its form was sent; a refused form keeps it by ``token``.

    ``name`` is the file's name, shown when the form comes back.
    """

    id = IdField(primary_key=True)
    token = models.CharField(max_length=40, unique=True)
    image = models.ForeignKey(Image, on_delete=models.CASCADE)
    owner_id = models.BigIntegerField(null=True)
    visitor = models.CharField(max_length=40, blank=True, default="")
    name = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "media_stagedupload"
        indexes = [models.Index(fields=["created_at"], name="staged_age")]


class Video(models.Model):
    """A short video as it was uploaded; its file is private and served by who may see its post.

    ``owner_id`` is an account of a higher floor. ``fmt``: mp4 or webm. ``kept_at`` is empty while
    nothing shows it; such a video is swept after two days.
    """

    id = IdField(primary_key=True)
    owner_id = models.BigIntegerField()
    fmt = models.CharField(max_length=4)
    file = models.CharField(max_length=200)
    name = models.CharField(max_length=120, blank=True, default="")
    bytes = models.BigIntegerField()
    created_at = models.DateTimeField()
    kept_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "media_video"
        constraints = [
            models.CheckConstraint(condition=Q(fmt__in=["mp4", "webm"]), name="video_format")
        ]
        indexes = [models.Index(fields=["id"], name="video_unkept", condition=Q(kept_at=None))]
