"""Short videos: known by their first bytes, never decoded by us; where they were is blanked out."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import LoginRequired, NotFound

from .. import rules, store
from ..durations import seconds_of
from ..models import Video
from ..problems import NotAVideo, TooLarge, TooLong
from ..traces import blank_traces
from .intake import NAME_LENGTH, shown_name
from .staging import STAGED_HOURS, SWEEP_BATCH

HEAD = 64


def intake_video(*, actor: Actor, file: UploadedFile[Any]) -> Video:
    """Take in an uploaded MP4 or WebM file, ``MAX_VIDEO_BYTES`` at most; kept when a post shows it.

    One that says how long it plays may play ``MAX_VIDEO_SECONDS``. Raises LoginRequired,
    TooLarge, TooLong or NotAVideo (422). Writes a file: call it outside transactions.
    """
    if actor.id is None:
        raise LoginRequired()
    name = shown_name(file.name or "")
    if (file.size or 0) > settings.MAX_VIDEO_BYTES:
        limit = settings.MAX_VIDEO_BYTES // 1024**2
        raise TooLarge(_("%(name)s is larger than %(limit)s MB.") % {"name": name, "limit": limit})
    fmt = rules.sniff_video(file.read(HEAD))
    if fmt is None:
        raise NotAVideo(_("%(name)s is no MP4 or WebM video.") % {"name": name})
    seconds = seconds_of(file, fmt=fmt, size=file.size or 0)
    if seconds is not None and seconds > settings.MAX_VIDEO_SECONDS:
        told = _("%(name)s is longer than %(limit)s seconds.")
        raise TooLong(told % {"name": name, "limit": settings.MAX_VIDEO_SECONDS})
    blank_traces(file, fmt=fmt, size=file.size or 0)
    file.seek(0)
    # Its name is nobody's to guess, and two uploads never share a file.
    digest = sha256(new_code(160).encode()).hexdigest()[:40]
    path = store.private().save(f"v/{digest[:2]}/{digest[2:]}.{fmt}", file)
    return Video.objects.create(
        owner_id=actor.id,
        fmt=fmt,
        file=path,
        name=name[:NAME_LENGTH],
        bytes=file.size or 0,
        created_at=clock.now(),
    )


def keep_video(*, actor: Actor, video_id: int) -> Video:
    """Return a video of the actor's own and keep it for good; NotFound for others'. Repeatable.

    Runs in the transaction of the action that shows it.
    """
    mine = Video.objects.select_for_update(no_key=True).filter(pk=video_id, owner_id=actor.id or 0)
    video = mine.first() if actor.id else None
    if video is None:
        raise NotFound()
    if video.kept_at is None:
        video.kept_at = clock.now()
        video.save(update_fields=["kept_at"])
    return video


def sweep_videos(*, actor: Actor) -> int:
    """Remove videos that nothing shows after 48 hours; returns how many. May run twice."""
    before = clock.now() - dt.timedelta(hours=STAGED_HOURS)
    due = list(Video.objects.filter(kept_at=None, created_at__lt=before)[:SWEEP_BATCH])
    removed = 0
    for video in due:
        gone, _rows = Video.objects.filter(pk=video.pk, kept_at=None).delete()
        if gone:
            store.private().delete(video.file)
            removed += 1
    return removed
