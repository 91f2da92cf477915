"""Lines that are read from right to left, as paper shows them that is set from left to right. Pure.

Arabic letters are joined by their presentation forms, the order is that of the Unicode
bidirectional algorithm. Vowel marks, which nobody writes in a name, are left out.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from fpdf.bidi import BidiParagraph

MIRRORED = dict(zip("()[]{}<>«»", ")(][}{><»«", strict=True))
LIGATURES = {"\u0644" + alef for alef in "\u0622\u0623\u0625\u0627"}
_FORMS = (*range(0xFB50, 0xFDFE), *range(0xFE70, 0xFEFD))


def reads_from_the_right(text: str) -> bool:
    """Tell whether something in a text is read from right to left."""
    return any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in text)


@lru_cache(maxsize=1)
def _shapes() -> dict[tuple[str, str], str]:
    """Return the letters as they stand in words, by (what is written, where it stands)."""
    found: dict[tuple[str, str], str] = {}
    for code in _FORMS:
        where, *written = unicodedata.decomposition(chr(code)).split() or [""]
        if where in {"<isolated>", "<initial>", "<medial>", "<final>"}:
            text = "".join(chr(int(one, 16)) for one in written)
            found.setdefault((text, where[1:-1]), chr(code))
    return found


def joined(text: str) -> str:
    """Return a text whose Arabic letters have the shapes that they have in their words."""
    if not reads_from_the_right(text):
        return text
    shapes = _shapes()
    letters = [one for one in text if unicodedata.category(one) != "Mn"]
    done, before, place = [], False, 0
    while place < len(letters):
        written = "".join(letters[place : place + 2])
        if written not in LIGATURES:
            written = letters[place]
        place += len(written)
        after = letters[place] if place < len(letters) else ""
        goes_on = (written, "initial") in shapes and (after, "final") in shapes
        before = before and (written, "final") in shapes
        where = ("isolated", "initial", "final", "medial")[2 * before + goes_on]
        done.append(shapes.get((written, where), written))
        before = goes_on
    return "".join(done)


def as_set(line: str) -> str:
    """Return a line, joined already, in the order in which its letters stand on paper."""
    if not reads_from_the_right(line):
        return line
    return "".join(
        MIRRORED.get(one.character, one.character) if one.embedding_level % 2 else one.character
        for one in BidiParagraph(text=line).get_reordered_characters()
    )
