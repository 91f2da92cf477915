"""From the bytes of a file to rows with the line numbers that a text editor shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from .faults import Fault, FileRefused

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000
MOST_COLUMNS = 300
LONGEST_CELL = 100_000

_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: the line it begins on, and its cells as written."""

    line: int
    cells: list[str]


def decoded(data: bytes) -> str:
    """Return the text of a UTF-8 file, with or without a byte order mark; else FileRefused."""
    if not data.strip():
        raise FileRefused(_("The file is empty."), code="file_empty")
    if len(data) > MOST_BYTES:
        raise FileRefused(
            _("The file is larger than 5 MB. Split it into several files."), code="file_too_large"
        )
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise FileRefused(
            _("This is a workbook or an archive, not a CSV file. Save it as “CSV UTF-8”."),
            code="file_workbook",
        )
    guess = _utf_16_or_32(data)
    if not guess:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            guess = _suspect(data)
            line = data.count(b"\n", 0, error.start) + 1
            raise _wrong_encoding(guess, line) from error
    raise _wrong_encoding(guess, 1)


def _wrong_encoding(name: str, line: int) -> FileRefused:
    if name:
        told = _(
            "The file is not UTF-8 (line %(line)s); it looks like %(name)s."
            " Open it in your spreadsheet and save it as “CSV UTF-8”."
        )
    else:
        told = _(
            "The file is not UTF-8 (line %(line)s)."
            " Open it in your spreadsheet and save it as “CSV UTF-8”."
        )
    return FileRefused(
        told % {"name": name, "line": line},
        code="file_encoding",
        extra={"encoding": name, "line": line},
    )


def _utf_16_or_32(data: bytes) -> str:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name
    head = data[:400]
    # Latin letters in UTF-16 without a mark: every second byte is zero.
    return "UTF-16" if head.count(0) > len(head) // 4 else ""


def _suspect(data: bytes) -> str:
    """Return the Chinese encoding whose common characters the bytes are, or an empty string."""
    sample = data[:200_000]
    scores = {
        "GB18030": _share(sample, leads=range(0xB0, 0xD8), trails=range(0xA1, 0xFF)),
        "Big5": _share(sample, leads=range(0xA4, 0xC7), trails=range(0x40, 0xFF)),
    }
    name = max(scores, key=lambda key: scores[key])
    return name if scores[name] >= 0.6 else ""


def _share(data: bytes, *, leads: range, trails: range) -> float:
    """Return which part of the two-byte characters is among the common ones of an encoding."""
    pairs = common = 0
    place = 0
    while place < len(data) - 1:
        if data[place] < 0x80:
            place += 1
            continue
        pairs += 1
        common += data[place] in leads and data[place + 1] in trails
        place += 2
    return common / pairs if pairs else 0.0


def records(text: str, faults: list[Fault]) -> Iterator[Record]:
    """Yield the rows that hold anything, the first row too; a row that cannot be read ends it.

    The reader holds one row at a time; the cap on rows is the caller's.
    """
    head = text.split("\n", 1)[0]
    if "," not in head and (";" in head or "\t" in head):
        raise FileRefused(
            _("The cells of this file are not separated by commas. Save it as “CSV UTF-8”."),
            code="file_separator",
        )
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    begun = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            code = "cell_too_long" if "field limit" in str(error) else "quotes"
            faults.append(Fault(begun, "", _line(text, begun), code))
            return
        if any(cell.strip() for cell in cells):
            yield Record(begun, cells)
        begun = reader.line_num + 1


def _line(text: str, number: int) -> str:
    lines: Any = io.StringIO(text, newline="")
    for count, line in enumerate(lines, start=1):
        if count == number:
            return str(line).strip()
    return ""
