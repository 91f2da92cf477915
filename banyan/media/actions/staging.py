"""Staged uploads: a picture goes up when it is chosen, and its form names it by a token."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial

from django.db import IntegrityError, transaction

from banyan.kernel import clock, ratelimits
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import LoginRequired

from .. import store
from ..access import staged_uploads
from ..models import Image, Rendition, StagedUpload
from ..problems import StagedGone
from ..queries import is_shown
from .intake import NAME_LENGTH, Readable, intake, shown_name

STAGED_HOURS = 48
SWEEP_BATCH = 200
UPLOADS = (200, 3600)
"""How many files one person may send in so many seconds, by whatever form."""


def stage(*, actor: Actor, data: bytes | Readable, filename: str = "") -> StagedUpload:
    """Take in a file for a form that is still being written. Raises what ``intake`` raises.

    Belongs to the account, or to the visitor of this browser; LoginRequired with neither, TooMany
    above 200 an hour. Unused, it is swept after 48 hours.
    """
    if actor.id is None and not actor.visitor:
        raise LoginRequired()
    ratelimits.hit(f"upload:{actor.id or actor.visitor}", *UPLOADS)
    image = intake(actor=actor, data=data, filename=filename, keep=False)
    return StagedUpload.objects.create(
        token=new_code(120),
        image=image,
        owner_id=actor.id,
        visitor="" if actor.id else actor.visitor or "",
        name=shown_name(filename)[:NAME_LENGTH] if filename else "",
        created_at=clock.now(),
    )


def stage_again(*, actor: Actor, image_ids: Iterable[int]) -> list[str]:
    """Return new tokens for pictures of the actor's own, in order, for a form that comes back.

    What is gone or another's is left out. LoginRequired for visitors.
    """
    if actor.id is None:
        raise LoginRequired()
    wanted = list(dict.fromkeys(image_ids))
    mine = Image.objects.filter(pk__in=wanted, owner_id=actor.id).in_bulk()
    now = clock.now()
    made = StagedUpload.objects.bulk_create(
        StagedUpload(token=new_code(120), image=mine[pk], owner_id=actor.id, created_at=now)
        for pk in wanted
        if pk in mine
    )
    return [row.token for row in made]


def claim_staged(*, actor: Actor, tokens: Iterable[str]) -> list[Image]:
    """Return the pictures of the tokens, in the given order, and keep them for good.

    Runs in the transaction of the action that uses them, so a refused form claims nothing.
    Repeatable: the same form sent again gets the same pictures. A token named twice counts once.
    StagedGone (422) when one is unknown, swept, or another person's.
    """
    wanted = list(dict.fromkeys(token for token in tokens if token))
    if not wanted:
        return []
    with transaction.atomic():
        # Locked in id order, so that neither the sweep nor the same form twice gets in between.
        rows = staged_uploads(actor, wanted).select_for_update(of=("self",)).order_by("id")
        found = {row.token: row for row in rows}
        if gone := [token for token in wanted if token not in found]:
            raise StagedGone(extra={"tokens": gone})
        now = clock.now()
        fresh = [row.pk for row in found.values() if row.used_at is None]
        StagedUpload.objects.filter(pk__in=fresh).update(used_at=now)
        images = [found[token].image for token in wanted]
        _keep({image.pk for image in images}, now)
        _adopt(actor, images)
    return list({image.pk: image for image in images}.values())


def _keep(image_ids: set[int], now: dt.datetime) -> None:
    unkept = Image.objects.filter(pk__in=image_ids, kept_at=None)
    ids = list(unkept.order_by("id").select_for_update(no_key=True).values_list("pk", flat=True))
    Image.objects.filter(pk__in=ids).update(kept_at=now)


def _adopt(actor: Actor, images: list[Image]) -> None:
    """Give what a visitor staged to the account they signed in to."""
    if actor.id is None:
        return
    for image in images:
        if image.owner_id is None:
            try:
                with transaction.atomic():
                    Image.objects.filter(pk=image.pk, owner_id=None).update(owner_id=actor.id)
                image.owner_id = actor.id
            except IntegrityError:
                continue  # they have this very file already; this copy stays without an owner


def remove_unshown(*, image_id: int) -> bool:
    """Remove a kept picture and its files unless some table still shows it; tells whether it went.

    For what a caller has put behind a gate of its own. Tokens of forms that hold it go along.
    Joins the caller's transaction; the files go with its commit. Repeatable.
    """
    with transaction.atomic():
        image = Image.objects.select_for_update().filter(pk=image_id).first()
        if image is None or is_shown(image):
            return False
        files = list(image.renditions.values_list("file", flat=True))
        image.delete()
        transaction.on_commit(partial(store.discard, files, image.original))
    return True


def sweep_staged(*, actor: Actor) -> int:
    """Remove staged uploads older than 48 hours, and pictures nobody kept. Returns the pictures.

    Works in batches that each commit, and passes over rows that somebody holds.
    """
    before = clock.now() - dt.timedelta(hours=STAGED_HOURS)
    while _forget_tokens(before):
        pass
    removed = 0
    while batch := _remove_unkept(before):
        removed += batch
    return removed


def _forget_tokens(before: dt.datetime) -> int:
    with transaction.atomic():
        due = StagedUpload.objects.filter(created_at__lt=before).order_by("id")
        ids = [row.pk for row in due.select_for_update(skip_locked=True)[:SWEEP_BATCH]]
        StagedUpload.objects.filter(pk__in=ids).delete()
    return len(ids)


def _remove_unkept(before: dt.datetime) -> int:
    with transaction.atomic():
        due = Image.objects.filter(kept_at=None, created_at__lt=before, stagedupload=None)
        images = list(
            due.order_by("id").select_for_update(skip_locked=True, of=("self",))[:SWEEP_BATCH]
        )
        ids = [image.pk for image in images]
        files = list(Rendition.objects.filter(image_id__in=ids).values_list("file", flat=True))
        Image.objects.filter(pk__in=ids).delete()
    # After the commit: a file without a row is waste, a row without a file a broken page.
    for name in files:
        store.public().delete(name)
    for image in images:
        store.private().delete(image.original)
    return len(images)
