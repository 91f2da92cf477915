"""How long a video is, by its header: read in small pieces, believed as little as can be.

Only boxes and elements are walked, at most ``MOST`` of them and never past the file's end; nothing
is decoded. Files of recorders often do not say how long they are: then nobody knows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

MOST = 400
_SEGMENT, _INFO, _CLUSTER = 0x18538067, 0x1549A966, 0x1F43B675
_SCALE, _DURATION = 0x2AD7B1, 0x4489


def seconds_of(file: IO[bytes], *, fmt: str, size: int) -> float | None:
    """Return how many seconds an MP4 or WebM file says it plays, None where it does not say.

    Reads from anywhere in ``file``; the caller seeks back.
    """
    try:
        return _mp4(file, size) if fmt == "mp4" else _webm(file, size)
    except (struct.error, OverflowError, ZeroDivisionError):
        return None


def _mp4(file: IO[bytes], size: int) -> float | None:
    for kind, start, end in boxes(file, 0, size):
        if kind != b"moov":
            continue
        for inner, at, _end in boxes(file, start, end):
            if inner == b"mvhd":
                return _mvhd(file, at)
    return None


def _mvhd(file: IO[bytes], at: int) -> float | None:
    file.seek(at)
    head = file.read(32)
    scale, units = struct.unpack(">IQ" if head[:1] == b"\1" else ">II",
                                 head[20:32] if head[:1] == b"\1" else head[12:20])  # fmt: skip
    unknown = 2 ** (64 if head[:1] == b"\1" else 32) - 1
    return units / scale if units not in (0, unknown) else None


def boxes(file: IO[bytes], at: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield (kind, first byte of the content, end) of the boxes between two places."""
    for _box in range(MOST):
        if at + 8 > end:
            return
        file.seek(at)
        length, kind = struct.unpack(">I4s", file.read(8))
        start = at + 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            start += 8
        stop = end if length == 0 else at + length
        if not start <= stop <= end:
            return
        yield kind, start, stop
        at = stop


def _webm(file: IO[bytes], size: int) -> float | None:
    for kind, start, end in _elements(file, 0, size):
        if kind != _SEGMENT:
            continue
        for inner, at, stop in _elements(file, start, end):
            if inner == _CLUSTER:
                return None
            if inner == _INFO:
                return _info(file, at, stop)
    return None


def _info(file: IO[bytes], at: int, end: int) -> float | None:
    scale, units = 1_000_000, None
    for kind, start, stop in _elements(file, at, end):
        file.seek(start)
        if kind == _SCALE:
            scale = int.from_bytes(file.read(min(8, stop - start)), "big")
        elif kind == _DURATION and stop - start in (4, 8):
            (units,) = struct.unpack(">f" if stop - start == 4 else ">d", file.read(stop - start))
    return units * scale / 1e9 if units is not None and units > 0 else None


def _elements(file: IO[bytes], at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (id, first byte of the content, end) of the EBML elements between two places."""
    for _element in range(MOST):
        if at >= end:
            return
        file.seek(at)
        kind, kind_bytes = number(file.read(8), keep_mark=True)
        file.seek(at + kind_bytes)
        length, length_bytes = number(file.read(8), keep_mark=False)
        start = at + kind_bytes + length_bytes
        unknown = length == (1 << 7 * length_bytes) - 1
        stop = end if unknown else start + length
        if not start <= stop <= end:
            return
        yield kind, start, stop
        at = stop


def number(head: bytes, *, keep_mark: bool) -> tuple[int, int]:
    """Return an EBML number and of how many bytes it is; ids keep the bit that marks the length."""
    if not head or not head[0]:
        raise struct.error("no number of EBML")
    width = 9 - head[0].bit_length()
    if len(head) < width:
        raise struct.error("the file ends within a number")
    value = int.from_bytes(head[:width], "big")
    return value if keep_mark else value & ((1 << 7 * width) - 1), width
