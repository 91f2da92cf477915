"""Pictures of people: they go with whoever uploaded them, unless a duty shows them still."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.db import transaction
from django.db.models import ProtectedError, Q

from banyan.kernel.personal import Erase, Kept, Person, holds

from . import store
from .actions import STAGED_HOURS
from .models import Image, Rendition, Video


def _erase_images(person: Person) -> None:
    """Remove rows and files; what a dispute or a return still shows stays, without an owner."""
    if person.account_id is None:
        return
    for image in Image.objects.filter(owner_id=person.account_id).order_by("id"):
        files = list(Rendition.objects.filter(image=image).values_list("file", flat=True))
        try:
            with transaction.atomic():
                image.delete()
        except ProtectedError:
            Image.objects.filter(pk=image.pk).update(owner_id=None, alt="")
            continue
        transaction.on_commit(partial(store.discard, files, image.original))


def _erase_videos(person: Person) -> None:
    """Remove rows and files; the posts that showed them were emptied before."""
    if person.account_id is None:
        return
    for video in Video.objects.filter(owner_id=person.account_id).order_by("id"):
        video.delete()
        transaction.on_commit(partial(store.private().delete, video.file))


GOES = "Until its owner takes it away; two days if nothing shows it."
UNSHOWN = Kept(dt.timedelta(hours=STAGED_HOURS), ("created_at",), Q(kept_at=None), by="media.sweep")
holds(
    "media.Image", Erase.DELETE, GOES, fields=("alt", "original", "owner_id"),
    owner=("owner_id",), act=_erase_images, kept=UNSHOWN,
)  # fmt: skip
holds("media.Rendition", Erase.DELETE, "As long as its picture.", act=lambda person: None)
holds(
    "media.StagedUpload", Erase.DELETE, "Two days.", fields=("name",), owner=("owner_id",),
    kept=Kept(dt.timedelta(hours=STAGED_HOURS), ("created_at",), by="media.sweep"),
)  # fmt: skip
holds(
    "media.Video", Erase.DELETE, GOES, fields=("name", "file", "owner_id"), owner=("owner_id",),
    act=_erase_videos, kept=UNSHOWN,
)  # fmt: skip
