"""Taking in pictures that our own code drew."""

from __future__ import annotations

import PIL.Image

from banyan.kernel.actors import Actor

from ..models import Image
from ..working import Worked, work_up_drawing
from .intake import known, record


def intake_pil(*, actor: Actor, image: PIL.Image.Image, alt: str = "") -> Image:
    """Take in a drawn picture without the checks of uploads; two WebP widths at once.

    The same drawing of the same account is one Image. Emits ``image.taken``; the remaining
    renditions follow at idle priority.
    """
    return intake_worked(actor=actor, worked=work_up_drawing(image), alt=alt)


def intake_worked(*, actor: Actor, worked: Worked, alt: str = "") -> Image:
    """Take in a drawn picture that ``work_up_drawing`` made ready, perhaps in another process."""
    same = known(actor, worked.digest, alt=alt, keep=True)
    return same or record(actor=actor, worked=worked, alt=alt)
