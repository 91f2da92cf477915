"""Files that are sold: kept out of the public folders, fetched so often and no more."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from banyan.catalog.access import get_product_for_staff
from banyan.kernel import clock
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Conflict, Invalid, NotFound
from banyan.media import store

from ..access import get_grant
from ..models import DigitalFile, Download, Grant, Terms
from ..rules import clean_name


def put_file(*, actor: Actor, product_id: int, file: File[bytes]) -> DigitalFile:
    """Keep a file as the one that buyers of a product fetch from now on. For managers.

    Raises Invalid ``file_empty``, ``file_too_large`` (settings.DIGITAL_FILE_BYTES), Conflict
    ``not_by_file``. Older ones stay stored: they were sold. Repeatable: the file that buyers fetch
    already, under its name, is not kept twice.
    """
    product = get_product_for_staff(actor, product_id)
    if not Terms.objects.filter(product=product, way="file").exists():
        raise Conflict(_("This product is not sold as a file."), code="not_by_file")
    size = file.size or 0
    if not size:
        raise Invalid(fields={"file": _("This file is empty.")}, code="file_empty")
    if size > settings.DIGITAL_FILE_BYTES:
        most = settings.DIGITAL_FILE_BYTES // 1024**2
        told = _("This file is too large: at most %(most)s MB.") % {"most": most}
        raise Invalid(fields={"file": told}, code="file_too_large")
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    name = clean_name(file.name or "")
    current = _current(product.pk)
    if current is not None and (current.digest, current.name) == (digest.hexdigest(), name):
        return current
    # The name in the storage says nothing, and no page leads there.
    stored = store.private().save(f"digital/{new_code(128)}", file)
    with transaction.atomic():
        Terms.objects.select_for_update().get(pk=product.pk)  # one current file at a time
        DigitalFile.objects.filter(product=product, is_current=True).update(is_current=False)
        return DigitalFile.objects.create(
            product=product,
            name=name,
            stored=stored,
            size=size,
            digest=digest.hexdigest(),
            uploaded_by_id=actor.id,
            created_at=clock.now(),
        )


def _current(product_id: int) -> DigitalFile | None:
    return DigitalFile.objects.filter(product_id=product_id, is_current=True).first()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that may be sent now: an open stream, its name, and the log's row of it."""

    stream: IO[Any]
    file: DigitalFile
    download: Download


def fetch(*, actor: Actor, grant_id: int) -> Fetched:
    """Use one download of a grant and open its product's current file.

    One conditional UPDATE with a CHECK behind it: of two that race for the last one, one gets it.
    Raises Conflict ``downloads_used_up``, ``download_closed`` (refunded), ``taken_down``, NotFound.
    """
    grant = get_grant(grant_id)
    if grant.is_down:
        raise Conflict(_("This was taken down: it cannot be downloaded."), code="taken_down")
    file = _current(grant.product_id)
    if file is None:
        raise NotFound()
    stream = _opened(file)
    try:
        with transaction.atomic():
            _use(grant)
            download = Download.objects.create(
                grant=grant, file=file, account_id=actor.id, at=clock.now()
            )
    except BaseException:
        stream.close()
        raise
    return Fetched(stream, file, download)


def _opened(file: DigitalFile) -> IO[Any]:
    """Open it before a download is counted: what cannot be read is not used up."""
    try:
        return store.private().open(file.stored, "rb")
    except OSError as error:
        raise Conflict(
            _("This file cannot be read at the moment. Please write to the shop."),
            code="file_gone",
            detail=f"file {file.pk}: {error}",
        ) from error


def _use(grant: Grant) -> None:
    if _count(grant):
        return
    if grant.closed_at is not None:
        raise Conflict(_("This purchase was refunded."), code="download_closed")
    raise Conflict(_("All downloads of this purchase are used up."), code="downloads_used_up")


def _count(grant: Grant) -> bool:
    """Take one of the downloads that are left; False when there is none."""
    return bool(
        Grant.objects.filter(pk=grant.pk, closed_at=None, used__lt=F("allowed")).update(
            used=F("used") + 1
        )
    )


def allow_more(*, actor: Actor, grant_id: int, more: int) -> Grant:
    """Let a buyer fetch a file ``more`` times again; for managers of the shop."""
    grant = get_grant(grant_id)
    get_product_for_staff(actor, grant.product_id)
    if not 1 <= more <= 100:
        raise Invalid(fields={"more": _("Enter a number from 1 to 100.")})
    Grant.objects.filter(pk=grant.pk).update(allowed=F("allowed") + more)
    grant.refresh_from_db()
    return grant
