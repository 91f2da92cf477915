"""Taking in pictures that our own code drew."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import PIL.Image

from banyan.kernel.actors import Actor

from .. import pixels, rules
from ..models import Image
from .intake import _known, record


def intake_pil(
    *,
    actor: Actor,
    image: PIL.Image.Image,
    alt: str = "",
    eager_widths: Sequence[int] = rules.EAGER_WIDTHS,
) -> Image:
    """Take in a drawn picture without the checks of uploads; WebP of ``eager_widths`` at once.

    The same drawing of the same account is one Image. Emits ``image.taken``; the remaining
    renditions follow at idle priority.
    """
    picture = image if image.mode == "RGB" else image.convert("RGB")
    digest = sha256(repr(picture.size).encode() + picture.tobytes()).hexdigest()
    known = _known(actor, digest, alt=alt, keep=True)
    if known is not None:
        return known
    width, height = picture.size
    widths = dict.fromkeys(min(wide, width) for wide in eager_widths)
    return record(
        actor=actor,
        digest=digest,
        picture=picture,
        original=pixels.encode_original(picture),
        sizes=[(wide, max(1, round(height * wide / width))) for wide in widths],
        alt=alt,
    )
