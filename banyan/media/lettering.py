"""Breaking and fitting lines of text, Latin and Chinese, by measured widths. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

Measure = Callable[[str], float]

# Closing marks never begin a line, opening marks never end one.
_CLOSING = "。，、．：；！？）］｝」』】〉》〕…—,.:;!?)]}%”’"
_OPENING = "（［｛「『【〈《〔([{“‘"
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff9f\U00020000-\U0003ffff"
_UNIT = re.compile(
    rf"[{re.escape(_OPENING)}]*(?:[{_WIDE}]|[^\s{_WIDE}]+)?[{re.escape(_CLOSING)}]*\s*"
)


@dataclass(frozen=True, slots=True)
class Fitted:
    """Lines at the largest ``size`` that holds them; ``cut`` when even the smallest did not."""

    size: int
    lines: list[str]
    cut: bool


def units(text: str) -> list[str]:
    """Return the pieces between which a line may break; together they are the text."""
    pieces: list[str] = []
    at = 0
    while at < len(text):
        found = _UNIT.match(text, at)
        end = found.end() if found and found.end() > at else at + 1
        pieces.append(text[at:end])
        at = end
    return pieces


def wrap(text: str, width: float, measure: Measure) -> list[str]:
    """Break ``text`` into lines of at most ``width``; a word too long for a line is divided.

    Always ends: a line holds at least one character, however narrow the width.
    """
    lines: list[str] = []
    line = ""
    for unit in units(" ".join(unicodedata.normalize("NFC", text).split())):
        if measure((line + unit).rstrip()) <= width:
            line += unit
            continue
        if line:
            lines.append(line.rstrip())
        line = unit
        while len(line.rstrip()) > 1 and measure(line.rstrip()) > width:
            head = _longest_head(line, width, measure)
            lines.append(line[:head].rstrip())
            line = line[head:]
    return [*lines, line.rstrip()] if line.strip() else lines


def _longest_head(word: str, width: float, measure: Measure) -> int:
    low, high = 1, len(word)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if measure(word[:middle]) <= width else (low, middle)
    return low


def fit(
    text: str,
    *,
    width: float,
    lines: int,
    measure_at: Callable[[int], Measure],
    smallest: int,
    largest: int,
) -> Fitted:
    """Return ``text`` in at most ``lines`` lines at the largest size that allows it.

    Sizes are whole pixels from ``smallest`` to ``largest``; ``measure_at(size)`` measures at a
    size. What does not fit at the smallest is cut and ends with an ellipsis.
    """
    low, high = smallest - 1, largest + 1
    while high - low > 1:
        middle = (low + high) // 2
        fits = len(wrap(text, width, measure_at(middle))) <= lines
        low, high = (middle, high) if fits else (low, middle)
    if low >= smallest:
        return Fitted(low, wrap(text, width, measure_at(low)), cut=False)
    measure = measure_at(smallest)
    shown = wrap(text, width, measure)[:lines]
    shown[-1] = elide(shown[-1] + "…", width, measure)
    return Fitted(smallest, shown, cut=True)


def elide(text: str, width: float, measure: Measure) -> str:
    """Return ``text`` if it fits, else its beginning with an ellipsis that fits."""
    if measure(text) <= width:
        return text
    bare = text.rstrip("…")
    kept = _longest_head(bare, width - measure("…"), measure)
    return bare[:kept].rstrip() + "…"
