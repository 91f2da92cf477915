"""Pictures that a product file names, taken from a ZIP by their file names."""

from __future__ import annotations

import time
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.media.actions import intake
from banyan.media.models import Image
from banyan.media.problems import UploadRefused

from ..access import get_import_for_staff
from ..models import Product, ProductImage, WantedPicture
from ..rules.product_csv.reading import MOST_PICTURES

MOST_ZIP_BYTES = 50 * 1024 * 1024
MOST_ENTRIES = 1000
MOST_TAKEN = 200
MOST_UNPACKED = 200 * 1024 * 1024
# A request answers within 30 seconds; what is left over is taken by the same ZIP sent again.
SECONDS = 20.0


@dataclass(slots=True)
class ZipTaken:
    """How many pictures came in, were refused, and are still to come."""

    taken: int = 0
    refused: int = 0
    left: int = 0


class ZipRefused(Invalid):
    """The ZIP as a whole cannot be used: zip_broken, zip_too_large, zip_too_many."""

    code = "zip_broken"


def take_pictures_from_zip(*, actor: Actor, token: str, zipped: IO[bytes]) -> ZipTaken:
    """Give products the pictures that their file named and that are in the ZIP.

    A picture is found by the last part of its address, without regard to case. Each is taken in
    and committed by itself; one that is refused says why in its row. Repeatable: what is here
    already is left. Stops after 20 seconds, 200 pictures or 200 MB unpacked, with ``left``
    pictures to come. Nothing is written outside the picture store, whatever names the ZIP has.
    """
    kept = get_import_for_staff(actor, token)
    zipped.seek(0, 2)
    if zipped.tell() > MOST_ZIP_BYTES:
        raise ZipRefused(
            code="zip_too_large", fields={"zip": _("The ZIP is larger than 50 MB. Split it.")}
        )
    try:
        archive = zipfile.ZipFile(zipped)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise ZipRefused(
            fields={"zip": _("This is not a ZIP that can be read.")}, detail=str(error)
        ) from error
    with archive:
        entries = [info for info in archive.infolist() if not info.is_dir()]
        if len(entries) > MOST_ENTRIES:
            raise ZipRefused(
                code="zip_too_many", fields={"zip": _("The ZIP has more than 1,000 files.")}
            )
        by_name = {_name(info.filename): info for info in reversed(entries)}
        wanted = kept.pictures.filter(product__shop=kept.shop_id).exclude(state="taken")
        matched = [
            (row, by_name[name])
            for row in wanted.order_by("product_id", "position", "id")
            if (name := _name(_path(row.source))) in by_name
        ]
        return _take(actor, archive, matched)


def _path(source: str) -> str:
    """Return the path of what a file names; of an address that is none, all that is before "?"."""
    try:
        return urlsplit(source).path
    except ValueError:
        return source.partition("?")[0]


def _name(path: str) -> str:
    return unquote(path).replace("\\", "/").rsplit("/", 1)[-1].casefold()


def _take(
    actor: Actor,
    archive: zipfile.ZipFile,
    matched: list[tuple[WantedPicture, zipfile.ZipInfo]],
) -> ZipTaken:
    done = ZipTaken()
    until = time.monotonic() + SECONDS
    unpacked = 0
    for count, (row, info) in enumerate(matched):
        if count >= MOST_TAKEN or unpacked >= MOST_UNPACKED or time.monotonic() >= until:
            done.left = len(matched) - count
            break
        data = _unpacked(archive, info)
        unpacked += len(data or b"")
        reason = _take_one(actor, row, info.filename, data)
        if reason:
            WantedPicture.objects.filter(pk=row.pk).update(state="failed", reason=reason)
            done.refused += 1
        else:
            done.taken += 1
    return done


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | None:
    """Return at most one byte more than a picture may have; None when it cannot be unpacked.

    The declared size is not trusted: a bomb is cut off, not unpacked.
    """
    try:
        with archive.open(info) as entry:
            return entry.read(int(settings.MAX_UPLOAD_BYTES) + 1)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, OSError, EOFError):
        return None


def _take_one(actor: Actor, row: WantedPicture, name: str, data: bytes | None) -> str:
    """Take one picture in; return why not, or an empty string."""
    if data is None:
        return "zip_broken"
    try:
        image = intake(actor=actor, data=data, alt=row.alt, filename=name)
    except UploadRefused as problem:
        return problem.code
    return attach(row, image)


def attach(row: WantedPicture, image: Image) -> str:
    """Give the product the picture that it waited for; return why not, or an empty string.

    Repeatable: a row that was taken meanwhile, from a ZIP or by its address, stays as it is.
    """
    with transaction.atomic():
        product = Product.objects.select_for_update(no_key=True).get(pk=row.product_id)
        if not WantedPicture.objects.filter(pk=row.pk).exclude(state="taken").exists():
            return ""
        images = list(product.images.values_list("image_id", flat=True))
        if image.pk not in images:
            if len(images) >= MOST_PICTURES:
                return "too_many_pictures"
            ProductImage.objects.create(product=product, image=image, position=row.position)
        WantedPicture.objects.filter(pk=row.pk).update(state="taken", reason="", image=image)
    return ""
