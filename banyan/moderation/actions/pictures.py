"""Pictures that are not taken in again: by their file, and by how they look."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image as Pillow

from banyan.kernel import audit, clock
from banyan.kernel.actors import Actor
from banyan.kernel.problems import Invalid
from banyan.media.models import Image
from banyan.media.queries import original_pixels

from ..access import require_moderation
from ..models import BlockedPicture
from ..rules.pictures import NEAR, difference_hash


class PictureBlocked(Invalid):
    """The operator does not want this picture here, or one that looks the same."""

    code = "picture_blocked"
    message = _("This picture was removed here before. Please choose another one.")


def refuse_blocked(digest: str, pixels: Pillow.Image | None) -> None:
    """Refuse an upload that is on the list; ``pixels`` once it was decoded. One query.

    Asked by the intake of pictures, before anything is kept.
    """
    look = difference_hash(pixels) if pixels is not None else None
    with connection.cursor() as cursor:
        cursor.execute(_LISTED, {"digest": digest, "look": look, "near": NEAR})
        if cursor.fetchone() is not None:
            raise PictureBlocked()


_LISTED = """
SELECT 1 FROM moderation_blockedpicture
WHERE sha256 = %(digest)s
   OR bit_count((look # %(look)s::bigint)::bit(64)) <= %(near)s
LIMIT 1
"""


def block_pictures(*, actor: Actor, image_ids: Sequence[int], reason: str) -> int:
    """Let pictures never be taken in again; returns how many are new on the list. Audited.

    What shows them stays as it is: that is decided apart. Repeatable.
    """
    require_moderation(actor)
    count = 0
    for image in Image.objects.filter(pk__in=image_ids).order_by("id"):
        look = difference_hash(original_pixels(image))
        with transaction.atomic():
            blocked, new = BlockedPicture.objects.get_or_create(
                sha256=image.sha256,
                defaults={"look": look, "reason": reason[:500], "created_at": clock.now()},
            )
            if new:
                count += 1
                _audit(actor, blocked, "picture.block", reason)
    return count


def unblock_picture(*, actor: Actor, blocked_id: int, reason: str) -> None:
    """Let a picture be taken in again. Repeatable; audited."""
    require_moderation(actor)
    with transaction.atomic():
        found = BlockedPicture.objects.filter(pk=blocked_id).first()
        if found is None:
            return
        _audit(actor, found, "picture.unblock", reason)
        found.delete()


def _audit(actor: Actor, blocked: BlockedPicture, action: str, reason: str) -> None:
    audit.record(
        actor=actor,
        action=action,
        subject_kind="blocked_picture",
        subject_id=blocked.pk,
        subject_label=blocked.sha256[:12],
        reason=reason,
    )
