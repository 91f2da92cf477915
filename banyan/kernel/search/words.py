"""Search words of Chinese and other texts, for PostgreSQL's plain ``simple`` configuration.

PostgreSQL takes a Chinese sentence for one word, so words are made here: traditional characters
are folded to simplified ones, Chinese runs become words (segmentation), pairs and single
characters, other scripts become lower-case words. A document carries all of them; a query asks for
the pairs, so that it finds any part of a Chinese word whatever the segmentation made of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

import rjieba
from django.db import connection, models
from opencc import OpenCC

LONGEST_WORD = 64
# In front of what a Chinese word sounds like: no word of a text mixes the two scripts.
SOUND = "音"
MOST_SYLLABLES = 8

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECES = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")


def is_chinese(word: str) -> bool:
    """Tell whether a word as :func:`pieces` gives it is written in Chinese characters."""
    return bool(_IS_HAN.match(word))


def tokens(text: str) -> list[str]:
    """Return the words of ``text``, each once, in order of first appearance."""
    found: dict[str, None] = {}
    for piece in pieces(text):
        if is_chinese(piece):
            words = [*rjieba.cut(piece), *pairs(piece), *piece]
        else:
            words = [piece]
        found.update(dict.fromkeys(words))
    return list(found)


def document(text: str) -> str:
    """Return the words of ``text`` for ``to_tsvector('simple', ...)``."""
    return " ".join(tokens(text))


def sounds(text: str) -> list[str]:
    """Return how the Chinese words of ``text`` are typed in Latin letters, each marked SOUND.

    From the beginning of each word on, as whole syllables and as their first letters:
    "连衣裙" gives "音lianyiqun" and "音lyq". One syllable alone has no first letters.
    """
    found: dict[str, None] = {}
    for piece in pieces(text):
        if not is_chinese(piece):
            continue
        syllables = [_syllables()(word) for word in rjieba.cut(piece)]
        for start in range(len(syllables)):
            rest = [each for word in syllables[start:] for each in word][:MOST_SYLLABLES]
            found[SOUND + "".join(rest)] = None
            if len(rest) > 1:
                found[SOUND + "".join(each[:1] for each in rest)] = None
    return list(found)


def romanised(text: str) -> str:
    """Return the words of ``text``, folded, with the Chinese ones typed in Latin letters.

    "手作马克杯 Mug" gives "shouzuo makebei mug", which an address can be made of.
    """
    found: list[str] = []
    for piece in pieces(text):
        words = rjieba.cut(piece) if is_chinese(piece) else []
        found += ["".join(_syllables()(word)) for word in words] or [piece]
    return " ".join(found)


def write(
    model: type[models.Model], owner: str, texts: Mapping[int, Iterable[tuple[str, str]]]
) -> None:
    """Write a table of search words: one row per owner, from (weight A to D, text) pairs.

    One statement; ``owner`` is the column with the owner's id. The words are in ``words``; what
    weighs A or B is also found by its sound, which weighs D. The weight "=" is for marks: words
    that are no words of a language ("类7"), by which ``Asked.within`` narrows a search.
    """
    rows = [_lines(list(pairs)) for pairs in texts.values()]
    if not rows:
        return
    table, column = (
        connection.ops.quote_name(model._meta.db_table),
        connection.ops.quote_name(owner),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({column}, words)"  # noqa: S608 - names of our own tables
            " SELECT id, setweight(to_tsvector('simple', a), 'A')"
            " || setweight(to_tsvector('simple', b), 'B')"
            " || setweight(to_tsvector('simple', c), 'C')"
            " || setweight(to_tsvector('simple', d), 'D')"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[])"
            " AS t (id, a, b, c, d)"
            f" ON CONFLICT ({column}) DO UPDATE SET words = excluded.words",
            [list(texts), *([row[i] for row in rows] for i in range(4))],
        )


def _lines(given: list[tuple[str, str]]) -> list[str]:
    """Return the words of each weight, A to D."""
    lines = [
        " ".join(document(text) for weight, text in given if weight == wanted) for wanted in "ABCD"
    ]
    heard = [sound for weight, text in given if weight in "AB" for sound in sounds(text)]
    marks = [text for weight, text in given if weight == "="]
    lines[3] = " ".join([lines[3], *heard, *marks])
    return lines


def pieces(text: str) -> Iterator[str]:
    """Yield runs of one script, folded; never a quote, blank or operator."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    for match in _PIECES.finditer(_to_simplified().convert(folded)):
        piece = match.group()
        yield piece if is_chinese(piece) else piece[:LONGEST_WORD]


def pairs(run: str) -> list[str]:
    """Return each two neighbouring characters of a Chinese run."""
    return [run[i : i + 2] for i in range(len(run) - 1)]


@lru_cache(maxsize=1)
def _to_simplified() -> OpenCC:
    return OpenCC("t2s")


@lru_cache(maxsize=1)
def _syllables() -> Callable[[str], list[str]]:
    # Its tables take 20 MB and 0.3 s, which only a process that writes Chinese words needs.
    from pypinyin import lazy_pinyin

    return lambda word: lazy_pinyin(word, errors="ignore")
