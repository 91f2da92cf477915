"""Search words of Chinese and other texts, for PostgreSQL's plain ``simple`` configuration.

PostgreSQL takes a Chinese sentence for one word, so words are made here: traditional characters
are folded to simplified ones, Chinese runs become words (segmentation), pairs and single
characters, other scripts become lower-case words. A document carries all of them; a query asks for
the pairs, so that it finds any part of a Chinese word whatever the segmentation made of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import rjieba
from django.contrib.postgres.search import SearchQuery
from django.db import connection, models
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


def asked(text: str) -> SearchQuery | None:
    """Return :func:`query` for a ``__words=`` condition; None when there is nothing to ask for."""
    condition = query(text)
    return SearchQuery(condition, config="simple", search_type="raw") if condition else None


def write(
    model: type[models.Model], owner: str, texts: Mapping[int, Iterable[tuple[str, str]]]
) -> None:
    """Write a table of search words: one row per owner, from (weight A to D, text) pairs.

    One statement; ``owner`` is the column with the owner's id. The words are in ``words``.
    """
    rows = [
        [
            " ".join(document(text) for weight, text in given if weight == wanted)
            for wanted in "ABCD"
        ]
        for given in (list(pairs) for pairs in texts.values())
    ]
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
