"""Taking in an uploaded picture."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from banyan.kernel import clock, events
from banyan.kernel.actors import Actor
from banyan.kernel.ids import new_code
from banyan.kernel.problems import Busy

from .. import pixels, ports, rules, store
from ..access import get_image_for
from ..events import ImageTaken
from ..models import Image, Rendition
from ..problems import TooLarge
from ..working import Encoded, Worked, work_up

ALT_LENGTH = 300
NAME_LENGTH = 120


class Readable(Protocol):
    """An open binary file."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to ``size`` bytes."""


@dataclass(frozen=True, slots=True)
class Made:
    """A rendition whose file is written and whose row is not."""

    fmt: str
    width: int
    height: int
    file: str
    bytes: int

    def row(self, image: Image) -> Rendition:
        """Return the unsaved row of this rendition of ``image``."""
        return Rendition(
            image=image, fmt=self.fmt, width=self.width, height=self.height,
            file=self.file, bytes=self.bytes,
        )  # fmt: skip


def intake(
    *, actor: Actor, data: bytes | Readable, alt: str = "", filename: str = "", keep: bool = True
) -> Image:
    """Take in an uploaded file; return its Image, with a 480 px WebP that can be shown at once.

    JPEG, PNG, WebP and AVIF are taken, known by their first bytes. The picture is kept upright,
    in sRGB, without metadata, on white where it was transparent. The same file of the same
    account is one Image: sending it again returns the first. ``alt`` fills an empty one only.
    ``keep`` is for staging: a picture that nobody keeps is swept.

    Raises an UploadRefused (422: upload_too_large, upload_not_an_image, upload_unsupported,
    upload_too_many_pixels, upload_too_narrow, upload_broken) whose message names ``filename``,
    and what ``ports.check`` raises.
    Takes 0.1 to 1 s of CPU and writes files, so call it outside transactions; emits
    ``image.taken``.
    """
    name = shown_name(filename)
    blob = _read(data, name)
    digest = sha256(blob).hexdigest()
    ports.check(digest, None)
    same = known(actor, digest, alt=alt, keep=keep)
    if same is not None:
        return same
    cleaned = pixels.clean(blob, name)
    ports.check(digest, cleaned.pixels)
    worked = work_up(
        cleaned.pixels,
        digest=digest,
        original=cleaned.original,
        sizes=[rules.first_size(*cleaned.size)],
    )
    return record(actor=actor, worked=worked, alt=alt, keep=keep)


def describe(*, actor: Actor, image_id: int, alt: str) -> Image:
    """Set the description of one's own picture. NotFound when it is another's."""
    with transaction.atomic():
        image = get_image_for(actor, image_id)
        image.alt = alt.strip()[:ALT_LENGTH]
        image.save(update_fields=["alt"])
    return image


def shown_name(filename: str) -> str:
    """Return a file name fit for a message: no folders, no control characters, not too long."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(letter for letter in last if letter.isprintable()).strip()
    return plain[:NAME_LENGTH] or _("This file")


def _read(data: bytes | Readable, name: str) -> bytes:
    limit = int(settings.MAX_UPLOAD_BYTES)
    blob = data if isinstance(data, bytes) else data.read(limit + 1)
    if len(blob) > limit:
        raise TooLarge(
            _("“%(name)s” is larger than %(limit)s MB. Please make it smaller.")
            % {"name": name, "limit": limit // 1024**2}
        )
    return blob


def known(actor: Actor, digest: str, *, alt: str, keep: bool) -> Image | None:
    """Return the owner's picture of the same file, kept and described as asked; or None."""
    if actor.id is None:
        return None
    with transaction.atomic():
        # Locked, so that the sweep cannot remove it while it is being found again.
        same = Image.objects.select_for_update(no_key=True)
        image = same.filter(owner_id=actor.id, sha256=digest).first()
        if image is None:
            return None
        image.alt = image.alt or alt.strip()[:ALT_LENGTH]
        if image.kept_at is None:
            # Staged once more counts from now.
            image.created_at = clock.now()
            image.kept_at = clock.now() if keep else None
        image.save(update_fields=["alt", "created_at", "kept_at"])
    return image


def record(*, actor: Actor, worked: Worked, alt: str, keep: bool = True) -> Image:
    """Write the files and rows of a picture that was made ready. Emits ``image.taken``."""
    salt = str(actor.id) if actor.id else new_code()
    name = rules.content_name("originals", worked.original, salt=salt, suffix=".jpg")
    name = store.put(store.private(), name, worked.original)
    made = [write(name, one) for one in worked.renditions]
    now = clock.now()
    image = Image(
        owner_id=actor.id,
        sha256=worked.digest,
        original=name,
        width=worked.width,
        height=worked.height,
        palette=worked.palette,
        preview=worked.preview,
        alt=alt.strip()[:ALT_LENGTH],
        created_at=now,
        kept_at=now if keep else None,
    )
    try:
        with transaction.atomic():
            image.save(force_insert=True)
            Rendition.objects.bulk_create([one.row(image) for one in made])
            events.emit(ImageTaken(image_id=image.pk, owner_id=actor.id), actor=actor)
    except IntegrityError:
        # The same file came twice at once: the other one was first.
        same = known(actor, worked.digest, alt=alt, keep=keep)
        if same is None:
            raise Busy(detail="the same picture was swept meanwhile") from None
        return same
    return image


def write(original: str, one: Encoded) -> Made:
    """Write one rendition of the picture kept as ``original``. Repeatable."""
    suffix = f"-{one.width}{rules.SUFFIX[one.fmt]}"
    file = rules.content_name("p", one.data, salt=original, suffix=suffix)
    file = store.put(store.public(), file, one.data)
    return Made(one.fmt, one.width, one.height, file, len(one.data))
