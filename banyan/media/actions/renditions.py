"""Making the renditions that a page can wait for."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import PIL.Image
from django.db import transaction

from .. import pixels, rules, store
from ..models import Image, Rendition
from ..working import encoded
from .intake import Made, write

IDLE_NICENESS = 10


def _calm_down() -> None:
    # On Linux niceness belongs to the thread; elsewhere it would slow the whole process down.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), IDLE_NICENESS)


_idle = ThreadPoolExecutor(1, thread_name_prefix="renditions", initializer=_calm_down)


def make_renditions(*, image_id: int) -> int:
    """Make what an image still lacks; return how many. Repeatable; nothing for a vanished image.

    Encoding runs in one thread at low priority. The rows appear together, so that no page ever
    offers AVIF in small sizes only.
    """
    image = Image.objects.filter(pk=image_id).first()
    if image is None:
        return 0
    have = set(image.renditions.values_list("fmt", "width"))
    missing = [
        one for one in rules.wanted(image.width, image.height) if (one.fmt, one.width) not in have
    ]
    if not missing:
        return 0
    try:
        made = _idle.submit(_make_all, image.original, missing).result()
    except FileNotFoundError:
        if Image.objects.filter(pk=image_id).exists():
            raise
        return 0  # it went before its turn came
    with transaction.atomic():
        # The image may have been swept while its renditions were drawn.
        if not Image.objects.select_for_update(no_key=True).filter(pk=image_id).exists():
            _discard(made)
            return 0
        Rendition.objects.bulk_create([one.row(image) for one in made], ignore_conflicts=True)
    return len(made)


def _make_all(original: str, missing: list[rules.Wanted]) -> list[Made]:
    largest = max((one.width, one.height) for one in missing)
    picture = pixels.opened(store.read(store.private(), original), largest)
    picture = pixels.resized(picture, largest)
    scaled: dict[int, PIL.Image.Image] = {}
    for one in missing:
        if one.width not in scaled:
            scaled[one.width] = pixels.resized(picture, (one.width, one.height))
    return [write(original, encoded(scaled[one.width], one.fmt)) for one in missing]


def _discard(made: list[Made]) -> None:
    for one in made:
        store.public().delete(one.file)
