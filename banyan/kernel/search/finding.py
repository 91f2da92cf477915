"""The best of what has all the words, in a fixed order and within a bound.

The order is text rank (0 to 1) plus *standing*: when a thing was made and how well it is liked,
as a moment. A thing that is better by 0.1 in rank stands above one that is a year younger.

A word that half of a million posts have must not be ranked half a million times. So only the
BOUND of highest standing among what has the words are ranked; where there are fewer, that is all.
How deep to look for them is told by the counts of :mod:`counting`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet
from psycopg import ClientCursor

from ..models import SearchCorpus
from .asking import Asked, Term, plain

BOUND = 500
# A text counts as much as one that is 0.1 better and a year older; rank is 0 to 1.
MS_PER_RANK = 10 * 365 * 86_400_000
MS_PER_DAY = 86_400_000
# Up to here everything that has the words is looked at.
FEW = 2_000
_SPARE = 1.5
_ROUNDS = 3
_MARK = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: ids, best first, and their scores. ``more``: it is only the first BOUND."""

    ids: list[int]
    scores: list[float]
    more: bool = False

    def page(self, *, after: str = "", size: int) -> tuple[list[int], str]:
        """Return the ids behind the place ``after`` and the place of the next page ("" for none).

        A place is "score_id", so that a page never repeats a row when others come or go; what is
        no place is the beginning.
        """
        start, place = 0, _place(after)
        if place is not None:
            score, last = place
            keys = zip(self.scores, self.ids, strict=True)
            start = sum(1 for key in keys if key >= (score, last))
        end = start + size
        following = f"{self.scores[end - 1]!r}_{self.ids[end - 1]}" if len(self.ids) > end else ""
        return self.ids[start:end], following


NOTHING = Found([], [])


def standing_sql(table: str, owner: str) -> str:
    """Return the expression of a row's standing in milliseconds; its index is on the same one.

    ``table`` is an alias with its dot, or empty. Ids begin with the moment they were made at.
    """
    return f"(({table}{owner} >> 22) + {table}boost * {MS_PER_DAY}::bigint)"


def search(rows: QuerySet[Any], path: str, wanted: Asked) -> Found:
    """Return the best of ``rows`` that have all that is ``wanted``; nothing for no words.

    ``path`` is the relation to the table of words. One statement for its counts, one to find;
    seldom one or two more, where words are frequent and seldom stand together.
    """
    if not wanted:
        return NOTHING
    words = _words_of(rows, path)
    corpus = _corpus(words)
    depth = _depth(corpus, words, wanted.terms)
    for _round in range(_ROUNDS):
        floor = _mark(corpus, depth)
        found = _above(rows, words, wanted, floor)
        if floor is None or found.more:
            return found
        # Fewer stand here than expected: look as deep as this says.
        depth = int((depth or 0) * 2 * BOUND / max(1, len(found.ids)))
    return _above(rows, words, wanted, None)


def highest(rows: QuerySet[Any], path: str, *, after: str = "") -> Found:
    """Return those of ``rows`` with the highest standing, without any words, behind a place.

    One statement, however many there are: the place bounds what is read.
    """
    words = _words_of(rows, path)
    place = _place(after)
    behind = ""
    if place is not None:
        behind = f"({standing_sql('w.', _owner(words))}, w.{_owner(words)}) < ({place[0]:.0f}, {place[1]})"
    return _best(rows, words, "", behind)


def page_of(
    rows: QuerySet[Any], path: str, text: str, *, after: str = "", size: int
) -> tuple[list[int], str]:
    """Return one page of what :func:`search` finds by all words of ``text``."""
    return search(rows, path, plain(text)).page(after=after, size=size)


def _above(
    rows: QuerySet[Any], words: type[models.Model], wanted: Asked, floor: int | None
) -> Found:
    """Rank the BOUND of highest standing that have the words, of those above ``floor`` if any."""
    above = "" if floor is None else f"{standing_sql('w.', _owner(words))} >= {floor}"
    return _best(rows, words, wanted.text, above)


def _best(rows: QuerySet[Any], words: type[models.Model], wanted: str, condition: str) -> Found:
    """Rank the BOUND of highest standing among what is ``wanted`` and fits the ``condition``.

    The words are written into the statement: a plan that is made for any words would be wrong
    for the frequent or for the rare ones.
    """
    visible, params = rows.order_by().values("pk").query.sql_with_params()
    owner, table = _owner(words), words._meta.db_table
    standing = standing_sql("w.", owner)
    with connection.cursor() as cursor:
        writer = ClientCursor(connection.connection)
        asked = writer.mogrify("to_tsquery('simple', %s)", [wanted])
        conditions = [f"w.{owner} IN ({writer.mogrify(visible, params)})"]
        conditions += [f"w.words @@ {asked}"] if wanted else []
        conditions += [condition] if condition else []
        score = f"ts_rank(words, {asked})::float8 + standing::float8 / {MS_PER_RANK}"
        cursor.execute(
            f"SELECT id, {score if wanted else 'standing::float8'} FROM ("  # noqa: S608 - names of our own tables
            f"SELECT w.{owner} AS id, w.words, {standing} AS standing"
            f" FROM {table} w WHERE {' AND '.join(conditions)}"
            f" ORDER BY {standing} DESC, w.{owner} DESC LIMIT {BOUND + 1}) best"
            " ORDER BY standing DESC, id DESC"
        )
        found: list[tuple[int, float]] = cursor.fetchall()
    kept = sorted(found[:BOUND], key=lambda row: (row[1], row[0]), reverse=True)
    return Found([pk for pk, _ in kept], [score for _, score in kept], len(found) > BOUND)


def _owner(words: type[models.Model]) -> str:
    return str(words._meta.pk.column)  # type: ignore[union-attr]  # every model has one


def _words_of(rows: QuerySet[Any], path: str) -> type[models.Model]:
    related = rows.model._meta.get_field(path).related_model
    if not isinstance(related, type) or not issubclass(related, models.Model):
        raise TypeError(f"{path} is no relation to a table of words")
    return related


def _corpus(words: type[models.Model]) -> SearchCorpus | None:
    return SearchCorpus.objects.filter(name=words._meta.db_table).first()


def _depth(
    corpus: SearchCorpus | None, words: type[models.Model], terms: Sequence[tuple[Term, ...]]
) -> int | None:
    """Return within how many of the highest standing BOUND are expected; None for all."""
    if corpus is None or corpus.documents <= FEW or not terms:
        return None
    counted = _documents(words, [term for group in terms for term in group])
    rarest = min(sum(counted[term] for term in group) for group in terms)
    if rarest <= FEW:
        return None
    return int(_SPARE * BOUND * corpus.documents / rarest)


def _documents(words: type[models.Model], terms: Sequence[Term]) -> dict[Term, int]:
    """Return in about how many documents each term is, 0 where it is not known. One statement."""
    count = (
        "(SELECT coalesce(sum(documents), 0) FROM kernel_searchword"
        " WHERE corpus = %s AND word >= %s AND word <= %s)"
    )
    given: list[str] = []
    for term in terms:
        last = term.word + ("\U0010ffff" if term.beginning else "")
        given += [words._meta.db_table, term.word, last]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join([count] * len(terms)), given)
        return dict(zip(terms, map(int, cursor.fetchone()), strict=True))


def _mark(corpus: SearchCorpus | None, depth: int | None) -> int | None:
    """Return the standing that about ``depth`` or more documents have; None for all."""
    if corpus is None or depth is None:
        return None
    place = max(0, math.ceil(math.log2(max(1, depth) / _MARK)))
    return int(corpus.marks[place]) if place < len(corpus.marks) else None


def marked_depths(documents: int) -> list[int]:
    """Return the depths whose standing is kept: 1,000, 2,000, 4,000, ... below half of all."""
    count = max(0, int(math.log2(max(1, documents) / _MARK)))
    return [_MARK * 2**place for place in range(count)]


def _place(after: str) -> tuple[float, int] | None:
    score, _, last = after.partition("_")
    try:
        place = float(score), int(last)
    except ValueError:
        return None
    return place if math.isfinite(place[0]) and 0 < place[1] < 2**63 else None
