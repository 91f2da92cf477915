"""Decoding and encoding with Pillow. Whatever a file does to a decoder ends here as a Problem."""

from __future__ import annotations

import base64
import io
import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

from . import rules
from .problems import (
    BrokenPicture,
    NotAnImage,
    TooManyPixels,
    TooNarrow,
    UnsupportedPicture,
    UploadRefused,
)

PAPER = (255, 255, 255)
ORIGINAL_QUALITY = 92
PREVIEW_SIDE = 16

_SRGB = ImageCms.createProfile("sRGB")
# A 40 MP picture takes 300 MB (transparent: 500) while it is cleaned; two at once are enough.
_decoding = threading.BoundedSemaphore(2)


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A picture as it is kept: upright, opaque sRGB, without metadata, and its JPEG bytes."""

    pixels: Image.Image
    original: bytes

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.size


def clean(data: bytes, name: str) -> Cleaned:
    """Decode an upload. Raises an UploadRefused that names the file ``name``.

    The first frame of an animation is taken; transparent parts become white.
    """
    kind = _kind_of(data, name)
    with _decoding:
        try:
            picture = Image.open(io.BytesIO(data), formats=[kind])
            _check_size(picture.size, name)
            picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            pixels = _to_srgb(picture)
            return Cleaned(pixels, encode_original(pixels))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise too_many_pixels(name) from error
        except UploadRefused:
            raise
        except Exception as error:  # decoders raise whatever a damaged file leads them to
            raise BrokenPicture(
                _("“%(name)s” is damaged or incomplete. Please choose it again.") % {"name": name},
                detail=f"{type(error).__name__}: {error}"[:300],
            ) from error


def too_many_pixels(name: str) -> TooManyPixels:
    """Return the refusal of a picture with too many pixels."""
    limit = settings.MAX_UPLOAD_PIXELS // 1_000_000
    return TooManyPixels(
        _("“%(name)s” has more than %(limit)s million pixels. Please make it smaller.")
        % {"name": name, "limit": limit}
    )


def _kind_of(data: bytes, name: str) -> str:
    kind = rules.sniff(data[:256])
    if kind in rules.TAKEN:
        return kind
    if kind == "HEIC":
        raise UnsupportedPicture(
            _(
                "“%(name)s” is a HEIC picture, which most browsers cannot show. Please send it as"
                " JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible)."
            )
            % {"name": name}
        )
    if kind:
        raise UnsupportedPicture(
            _("“%(name)s” is a %(kind)s file. Please choose a JPEG, PNG, WebP or AVIF picture.")
            % {"name": name, "kind": kind}
        )
    raise NotAnImage(
        _("“%(name)s” is not a picture. Please choose a JPEG, PNG, WebP or AVIF file.")
        % {"name": name}
    )


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > settings.MAX_UPLOAD_PIXELS:
        raise too_many_pixels(name)
    if max(size) > rules.LONGEST_SIDE_RATIO * min(size):
        raise TooNarrow(
            _("“%(name)s” is more than 20 times as long as it is wide. Please cut it.")
            % {"name": name}
        )


def _to_srgb(picture: Image.Image) -> Image.Image:
    """Return an RGB picture without profile, metadata or transparency."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):
        # 16 bits per pixel: keep the high byte; Pillow's own conversion would clip.
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode == "P" or "transparency" in picture.info:
        picture = picture.convert("RGBA")
    alpha = None
    if picture.mode in {"RGBA", "LA", "PA", "RGBa", "La"}:
        picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
        picture = picture.convert("RGB")
    picture = _apply_profile(picture, profile)
    if alpha is not None and alpha.getextrema()[0] != 255:
        paper = Image.new("RGB", picture.size, PAPER)
        paper.paste(picture, mask=alpha)
        picture = paper
    picture.info.clear()
    return picture


def _apply_profile(picture: Image.Image, profile: Any) -> Image.Image:
    if profile and picture.mode in {"RGB", "L", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" in (ImageCms.getProfileDescription(source) or "").lower():
                return _as_rgb(picture)
            turned = ImageCms.profileToProfile(picture, source, _SRGB, outputMode="RGB")
            if turned is not None:
                return turned
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a damaged profile is no reason to refuse the picture
    return _as_rgb(picture)


def _as_rgb(picture: Image.Image) -> Image.Image:
    # convert() copies even where there is nothing to convert: 160 MB at the limit.
    return picture if picture.mode == "RGB" else picture.convert("RGB")


_OPTIONS: dict[str, dict[str, Any]] = {
    "avif": {"speed": 8, "max_threads": 1},
    "webp": {"method": 4},
    "jpeg": {"progressive": True},
}


def encode(pixels: Image.Image, fmt: str, quality: int) -> bytes:
    """Return the bytes of ``fmt`` (avif, webp, jpeg) at ``quality``, without any metadata."""
    target = io.BytesIO()
    pixels.save(target, format=fmt.upper(), quality=quality, **_OPTIONS[fmt])
    return target.getvalue()


def encode_original(pixels: Image.Image) -> bytes:
    """Return the JPEG that is kept; sequential, which decodes three times faster."""
    target = io.BytesIO()
    pixels.save(target, format="JPEG", quality=ORIGINAL_QUALITY)
    return target.getvalue()


def encode_within(pixels: Image.Image, fmt: str, cap: int | None) -> bytes:
    """Return the best encoding of at most ``cap`` bytes; the smallest one if none fits."""
    data = b""
    for quality in rules.qualities(fmt, cap):
        data = encode(pixels, fmt, quality)
        if cap is None or len(data) <= cap:
            return data
    return data


def resized(pixels: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return the picture at ``size``; itself when it already has that size."""
    if pixels.size == size:
        return pixels
    return pixels.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def average(pixels: Image.Image) -> tuple[int, int, int]:
    """Return the average colour."""
    colour: Any = pixels.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    return (int(colour[0]), int(colour[1]), int(colour[2]))


def preview_uri(pixels: Image.Image) -> str:
    """Return a blurred likeness of at most 16 px as a WebP data URI of a few hundred bytes."""
    small = pixels.copy()
    small.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.BOX)
    data = encode(small, "webp", 40)
    return "data:image/webp;base64," + base64.b64encode(data).decode()


def opened(original: bytes, least: tuple[int, int]) -> Image.Image:
    """Return a kept original as RGB, decoded at the cheapest scale not below ``least``."""
    picture = Image.open(io.BytesIO(original), formats=["JPEG"])
    picture.draft("RGB", least)
    return picture.convert("RGB")
