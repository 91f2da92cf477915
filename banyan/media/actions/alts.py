"""What pictures show, in words: for people who cannot see them."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from banyan.kernel.problems import Invalid

from ..models import Image
from .intake import ALT_LENGTH


def set_alts(alts: Mapping[int, str]) -> None:
    """Write the text of each picture, by image id; empty takes it away. Repeatable.

    The calling action has checked whose pictures they are; runs in its transaction. Raises
    Invalid (``alts``). The text goes with the picture, wherever it is shown.
    """
    texts = {image_id: alts[image_id].strip() for image_id in sorted(alts)}
    if any(len(text) > ALT_LENGTH for text in texts.values()):
        raise Invalid(fields={"alts": _("Describe a picture in at most 300 letters.")})
    with transaction.atomic():
        for image_id, text in texts.items():
            Image.objects.filter(pk=image_id).exclude(alt=text).update(alt=text)
