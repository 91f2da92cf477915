"""All that is made of a picture before it has a row, without a database: any process can do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import PIL.Image

from . import pixels, rules


@dataclass(frozen=True, slots=True)
class Encoded:
    """The bytes of one rendition: ``fmt`` avif, webp or jpeg; its size in pixels."""

    fmt: str
    width: int
    height: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Worked:
    """A picture made ready to be kept: ``original`` is its JPEG, ``renditions`` can be shown at
    once; ``digest`` tells the same picture of the same owner; ``palette`` and ``preview`` as in
    ``Image``."""

    digest: str
    width: int
    height: int
    original: bytes
    renditions: tuple[Encoded, ...]
    palette: int
    preview: str


def work_up(
    picture: PIL.Image.Image, *, digest: str, original: bytes, sizes: Sequence[tuple[int, int]]
) -> Worked:
    """Return a clean RGB ``picture`` with WebP renditions of ``sizes``."""
    largest = pixels.resized(picture, max(sizes))
    return Worked(
        digest=digest,
        width=picture.width,
        height=picture.height,
        original=original,
        renditions=tuple(encoded(pixels.resized(largest, size), "webp") for size in sizes),
        palette=rules.palette_number(*pixels.average(largest)),
        preview=pixels.preview_uri(largest),
    )


def encoded(picture: PIL.Image.Image, fmt: str) -> Encoded:
    """Return ``picture`` as ``fmt``, within the bytes that a picture of its width may have."""
    data = pixels.encode_within(picture, fmt, rules.cap_of(picture.width))
    return Encoded(fmt, picture.width, picture.height, data)


def work_up_drawing(
    image: PIL.Image.Image, eager_widths: Sequence[int] = rules.EAGER_WIDTHS
) -> Worked:
    """Return a picture that our own code drew, with WebP renditions of ``eager_widths``."""
    drawing = image if image.mode == "RGB" else image.convert("RGB")
    width, height = drawing.size
    widths = dict.fromkeys(min(wide, width) for wide in eager_widths)
    return work_up(
        drawing,
        digest=sha256(repr(drawing.size).encode() + drawing.tobytes()).hexdigest(),
        original=pixels.encode_original(drawing),
        sizes=[(wide, max(1, round(height * wide / width))) for wide in widths],
    )
