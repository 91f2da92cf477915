"""Files to upload, made on the spot."""

from __future__ import annotations

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image


def photo(width: int = 1200, height: int = 900, seed: int = 1) -> Image.Image:
    """Return an RGB picture with soft shapes and a little grain, like a photograph."""
    dice = random.Random(seed)
    small = Image.new("RGB", (12, 9))
    small.putdata([tuple(dice.randrange(256) for _ in "rgb") for _ in range(108)])
    soft = small.resize((width, height), Image.Resampling.BICUBIC)
    grain = Image.frombytes("L", (width, height), dice.randbytes(width * height)).convert("RGB")
    return Image.blend(soft, grain, 0.03)


def noise(width: int, height: int) -> Image.Image:
    """Return what no codec can press: noise in all channels."""
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def saved(picture: Image.Image, fmt: str = "JPEG", **options: Any) -> bytes:
    """Return the bytes of a picture."""
    target = io.BytesIO()
    picture.save(target, format=fmt, **options)
    return target.getvalue()


def jpeg(width: int = 1200, height: int = 900, seed: int = 1, **options: Any) -> bytes:
    """Return a JPEG photograph."""
    return saved(photo(width, height, seed), quality=88, **options)


def png_header(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose header promises ``width`` x ``height``."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(4096)))
        + chunk(b"IEND", b"")
    )
