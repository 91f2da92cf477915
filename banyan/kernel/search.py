"""Search words of Chinese and other texts, for PostgreSQL's plain ``simple`` configuration.

PostgreSQL takes a Chinese sentence for one word, so words are made here: traditional characters
are folded to simplified ones, Chinese runs become words (segmentation), pairs and single
characters, other scripts become lower-case words. A document carries all of them; a query asks for
the pairs, so that it finds any part of a Chinese word whatever the segmentation made of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import rjieba
from opencc import OpenCC

LONGEST_WORD = 64

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECES = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")


def tokens(text: str) -> list[str]:
    """Return the words of ``text``, each once, in order of first appearance."""
    found: dict[str, None] = {}
    for piece in _pieces(text):
        if _IS_HAN.match(piece):
            words = [*rjieba.cut(piece), *_pairs(piece), *piece]
        else:
            words = [piece]
        found.update(dict.fromkeys(words))
    return list(found)


def document(text: str) -> str:
    """Return the words of ``text`` for ``to_tsvector('simple', ...)``."""
    return " ".join(tokens(text))


def query(text: str) -> str:
    """Return a condition for ``to_tsquery('simple', ...)``: all of ``text`` must occur.

    Words of other scripts may be beginnings. An empty string means there is nothing to ask for.
    """
    terms: dict[str, None] = {}
    for piece in _pieces(text):
        if not _IS_HAN.match(piece):
            terms[f"'{piece}':*"] = None
        elif len(piece) == 1:
            terms[f"'{piece}'"] = None
        else:
            terms.update(dict.fromkeys(f"'{pair}'" for pair in _pairs(piece)))
    return " & ".join(terms)


def _pieces(text: str) -> Iterator[str]:
    """Yield runs of one script, folded; never a quote, blank or operator."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for match in _PIECES.finditer(_to_simplified().convert(folded)):
        piece = match.group()
        yield piece if _IS_HAN.match(piece) else piece[:LONGEST_WORD]


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


@lru_cache(maxsize=1)
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")
