"""What recorders write beside a film, and nobody needs to see it: where it was, by what, by whom.

Blanked out where it stands, so that no byte of the film moves. Only MP4 files have it from phones.
"""

from __future__ import annotations

import struct
from typing import IO

from .durations import boxes

PIECE = 64 * 1024
# Where such boxes stand: beside the film, in its head, and in the heads of its tracks.
_HEADS = (b"moov", b"trak")
_TRACES = frozenset({b"udta", b"meta", b"uuid"})


def blank_traces(file: IO[bytes], *, fmt: str, size: int) -> None:
    """Overwrite what an MP4 file says of place, device and author; other formats stay as they are.

    Writes into ``file``; the caller seeks back. What is no whole box is left alone.
    """
    if fmt == "mp4":
        try:
            _blank(file, 0, size, _HEADS)
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
    file.seek(start)
    for place in range(start, stop, PIECE):
        file.write(bytes(min(PIECE, stop - place)))
