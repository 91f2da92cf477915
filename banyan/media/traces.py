"""What recorders write beside a film, and nobody needs to see it: where it was, by what, by whom.

Blanked out where it stands, so that no byte of the film moves.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

from .durations import boxes, number

PIECE = 64 * 1024
MOST = 100_000
"""Elements of a WebM file that are looked at: half an hour of a film that was never finished."""

# Where such boxes stand in MP4: beside the film, in its head, and in the heads of its tracks.
_HEADS = (b"moov", b"trak")
_TRACES = frozenset({b"udta", b"meta", b"uuid"})

_FILE, _SEGMENT, _CLUSTER = 0, 0x18538067, 0x1F43B675
_INFO, _TRACKS, _TRACK, _SEEK_HEAD = 0x1549A966, 0x1654AE6B, 0xAE, 0x114D9B74
_TAGS, _ATTACHMENTS, _SEEK_ID = 0x1254C367, 0x1941A469, 0x53AB
_TITLE, _DATE, _NAMES = 0x7BA9, 0x4461, (0x7384, 0x3C83AB, 0x3E83BB)
_TRACK_NAME, _MUXER, _WRITER = 0x536E, 0x4D80, 0x5741
_SUM = 0xBF
"""A checksum of what it stands in, which would not be true any more."""

_INSIDE = {
    _FILE: {_SEGMENT},
    _SEGMENT: {_INFO, _TRACKS, _SEEK_HEAD},
    _TRACKS: {_TRACK},
}
_VOIDED = {
    _SEGMENT: {_TAGS, _ATTACHMENTS, _SUM},
    _INFO: {_TITLE, _DATE, *_NAMES, _SUM},
    _TRACKS: {_SUM},
    _TRACK: {_TRACK_NAME, _SUM},
    _SEEK_HEAD: {_SUM},
}
_EMPTIED = {_INFO: {_MUXER, _WRITER}}
"""What a WebM file has to have, and may leave empty."""


def blank_traces(file: IO[bytes], *, fmt: str, size: int) -> None:
    """Overwrite what an MP4 or WebM file says of place, device and author.

    Writes into ``file``; the caller seeks back. What is no whole box or element is left alone.
    """
    try:
        if fmt == "mp4":
            _blank(file, 0, size, _HEADS)
        else:
            _blank_elements(file, _FILE, 0, size, iter(range(MOST)))
    except (struct.error, OverflowError):
        return


def _blank(file: IO[bytes], at: int, end: int, heads: tuple[bytes, ...]) -> None:
    for kind, start, stop in boxes(file, at, end):
        if kind in _TRACES:
            _overwrite(file, kind, start, stop)
        elif heads and kind == heads[0]:
            _blank(file, start, stop, heads[1:])


def _overwrite(file: IO[bytes], kind: bytes, start: int, stop: int) -> None:
    """Make it a free box of the same size, which players pass over."""
    file.seek(start - 4)
    named = start - 4 if file.read(4) == kind else start - 12  # before a length of 64 bits
    file.seek(named)
    file.write(b"free")
    _zero(file, start, stop)


def _blank_elements(file: IO[bytes], parent: int, at: int, end: int, looks: Iterator[int]) -> None:
    """Blank what stands between two places of a WebM file, in an element of the id ``parent``."""
    for kind, first, start, stop in _elements(file, at, end, looks):
        if kind in _VOIDED.get(parent, ()) or (
            parent == _SEEK_HEAD and _leads(file, start, stop, looks)
        ):
            _void(file, first, stop)
        elif kind in _EMPTIED.get(parent, ()):
            _zero(file, start, stop)
        elif kind in _INSIDE.get(parent, ()):
            _blank_elements(file, kind, start, stop, looks)


def _elements(
    file: IO[bytes], at: int, end: int, looks: Iterator[int]
) -> Iterator[tuple[int, int, int, int]]:
    """Yield (id, first byte, first byte of the content, end) of the elements between two places.

    A film that was never finished does not say where it ends, nor where its clusters do: what
    these hold is yielded as if it stood beside them.
    """
    for _look in looks:
        if at >= end:
            return
        file.seek(at)
        head = file.read(16)
        kind, kind_bytes = number(head, keep_mark=True)
        length, length_bytes = number(head[kind_bytes:], keep_mark=False)
        start = at + kind_bytes + length_bytes
        stop = start + length
        if length == (1 << 7 * length_bytes) - 1:
            if kind not in {_SEGMENT, _CLUSTER}:
                return
            stop = end if kind == _SEGMENT else start
        elif kind == _SEGMENT:
            stop = min(stop, end)  # of a film that was cut off
        if stop > end:
            return
        yield kind, at, start, stop
        at = stop


def _leads(file: IO[bytes], start: int, stop: int, looks: Iterator[int]) -> bool:
    """Tell whether an entry of the table of contents leads to what is blanked."""
    for kind, _at, content, end in _elements(file, start, stop, looks):
        if kind == _SEEK_ID and end - content == 4:
            file.seek(content)
            return int.from_bytes(file.read(4), "big") in {_TAGS, _ATTACHMENTS}
    return False


def _void(file: IO[bytes], at: int, stop: int) -> None:
    """Make it a void element of the same size, which players pass over."""
    size = stop - at
    head = struct.pack(">BB", 0xEC, 0x80 | (size - 2))
    if size > 128:
        head = struct.pack(">BQ", 0xEC, 1 << 56 | (size - 9))
    file.seek(at)
    file.write(head)
    _zero(file, at + len(head), stop)


def _zero(file: IO[bytes], start: int, stop: int) -> None:
    file.seek(start)
    for place in range(start, stop, PIECE):
        file.write(bytes(min(PIECE, stop - place)))
