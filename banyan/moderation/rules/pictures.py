"""Telling a blocked picture again after it was scaled, recoloured or saved anew.

A difference hash: shrunk to nine by eight greys, one bit for each pair of neighbours says whether
it gets brighter to the right (N. Krawetz, "Kind of like that", 2013).
"""

from __future__ import annotations

from PIL import Image

NEAR = 4
"""At most so many of the 64 bits differ between two copies of one picture."""
LEAST_BITS = 10
"""A hash with fewer bits set or unset says too little: a plain wall looks like every other one."""


def difference_hash(picture: Image.Image) -> int | None:
    """Return the hash as a signed 64-bit number, or None when the picture is too plain for one."""
    greys = picture.convert("L").resize((9, 8), Image.Resampling.LANCZOS).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            left = greys[row * 9 + column]
            bits = bits << 1 | (greys[row * 9 + column + 1] > left)
    if not LEAST_BITS <= bits.bit_count() <= 64 - LEAST_BITS:
        return None
    return bits - (1 << 64) if bits >> 63 else bits


def distance(one: int, other: int) -> int:
    """Return how many bits of two hashes differ."""
    return ((one ^ other) & (1 << 64) - 1).bit_count()
