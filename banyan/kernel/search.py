"""Search words of Chinese and other texts, for PostgreSQL's plain ``simple`` configuration.

PostgreSQL takes a Chinese sentence for one word, so words are made here: traditional characters
are folded to simplified ones, Chinese runs become words (segmentation), pairs and single
characters, other scripts become lower-case words. A document carries all of them; a query asks for
the pairs, so that it finds any part of a Chinese word whatever the segmentation made of it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import rjieba
from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection, models
from django.db.models import F, FloatField, Q, QuerySet
from django.db.models.functions import Cast
from opencc import OpenCC

LONGEST_WORD = 64
MOST_TERMS = 40
# A text counts as much as one that is 0.1 better and a year older; rank is 0 to 1.
MS_PER_RANK = 10 * 365 * 86_400_000

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
    return " & ".join(list(terms)[:MOST_TERMS])


def asked(text: str) -> SearchQuery | None:
    """Return :func:`query` for a ``__words=`` condition; None when there is nothing to ask for."""
    condition = query(text)
    return SearchQuery(condition, config="simple", search_type="raw") if condition else None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found: ids, best first, and where the next page begins ("" for none)."""

    ids: list[int]
    after: str


def page_of(rows: QuerySet[Any], path: str, text: str, *, after: str = "", size: int) -> Found:
    """Return those of ``rows`` that have all of ``text``, best first; pages never repeat a row.

    ``path`` is the relation to the table of words. The order is rank plus newness, both fixed for
    a row, so that a place in it ("score-id", as in ``after``) stays a place. One statement.
    """
    wanted = asked(text)
    if wanted is None:
        return Found([], "")
    age = Cast(F("pk").bitrightshift(22), FloatField()) / float(MS_PER_RANK)
    rank = Cast(SearchRank(F(f"{path}__words"), wanted), FloatField())
    found = rows.filter(**{f"{path}__words": wanted}).annotate(score=rank + age)
    place = _place(after)
    if place is not None:
        score, last = place
        found = found.filter(Q(score__lt=score) | Q(score=score, pk__lt=last))
    page = list(found.order_by("-score", "-pk").values_list("pk", "score")[: size + 1])
    more = f"{page[size - 1][1]!r}_{page[size - 1][0]}" if len(page) > size else ""
    return Found([pk for pk, _score in page[:size]], more)


def _place(after: str) -> tuple[float, int] | None:
    score, _, last = after.partition("_")
    try:
        place = float(score), int(last)
    except ValueError:
        return None
    return place if math.isfinite(place[0]) and 0 < place[1] < 2**63 else None


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
