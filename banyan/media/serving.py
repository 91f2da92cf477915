"""A private video as an answer: whole, or the part that a player asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from banyan.kernel.problems import NotFound

from . import store
from .models import Video
from .rules import VIDEO_MIME

PIECE = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


def part_of(asked: str, size: int) -> tuple[int, int] | None:
    """Return first and last byte that a Range header asks of a file; all of it for none.

    None where no byte of it is there (416). Several ranges at once are answered by the whole file.
    """
    found = _RANGE.fullmatch(asked.replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return 0, size - 1
    start, end = found.groups()
    if not start:
        first, last = max(0, size - int(end)), size - 1
        return (first, last) if int(end) else None
    first, last = int(start), min(size - 1, int(end)) if end else size - 1
    return (first, last) if first <= last else None


def video_answer(video: Video | None, *, asked: str) -> HttpResponseBase:
    """Return the video, or the part of it that a Range header asks; NotFound without a file.

    The caller has looked whether its reader may see what shows it.
    """
    if video is None:
        raise NotFound()
    part = part_of(asked, video.bytes)
    if part is None:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{video.bytes}"
        return refused
    first, last = part
    try:
        file = store.private().open(video.file, "rb")
    except OSError as error:
        raise NotFound() from error
    partly = last - first + 1 < video.bytes
    answer = StreamingHttpResponse(
        _pieces(file, first, last - first + 1),
        status=206 if partly else 200,
        content_type=VIDEO_MIME[video.fmt],
    )
    answer["Content-Length"] = str(last - first + 1)
    answer["Accept-Ranges"] = "bytes"
    answer["Cache-Control"] = "private, max-age=3600"
    if partly:
        answer["Content-Range"] = f"bytes {first}-{last}/{video.bytes}"
    return answer


def _pieces(file: IO[bytes], start: int, count: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while count and (piece := file.read(min(PIECE, count))):
            count -= len(piece)
            yield piece
