"""The best of what has all the words, in a fixed order and within a bound.

The order is text rank (0 to 1) plus *standing*: when a thing was made and how well it is liked,
as a moment. A thing that is better by 0.1 in rank stands above one that is a year younger.

A word that half of a million posts have must not be ranked half a million times. So only the
BOUND of highest standing among what has the words are ranked; where there are fewer, that is all.
How deep to look for them is told by the counts of :mod:`counting`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet
from psycopg import ClientCursor

from .asking import Asked, Term, plain
from .words import is_chinese

BOUND = 240
# A text counts as much as one that is 0.1 better and a year older; rank is 0 to 1.
MS_PER_RANK = 10 * 365 * 86_400_000
MS_PER_DAY = 86_400_000
# Up to here everything that has the words is looked at.
FEW = 1_000
FEW_LISTED = 5_000
# Entries of an inverted list that are read in the time of one row by the order of standing.
_QUICKER = 5
_SPARE = 1.5
# Standings are kept at these depths: each is so many times the one before.
_MARK, _STEP = 500, 1.5


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


Place = tuple[QuerySet[Any], str]
"""Rows that may be seen, and their relation to the table of their words."""


def search(rows: QuerySet[Any], path: str, wanted: Asked) -> Found:
    """Return the best of ``rows`` that have all that is ``wanted``; see :func:`search_each`."""
    return search_each({"": (rows, path)}, wanted)[""]


def search_each(places: Mapping[str, Place], wanted: Asked) -> dict[str, Found]:
    """Return the best of each place that have all that is ``wanted``; nothing for no words.

    One statement for the counts of all places, one to find; seldom one or two more, where words
    are frequent and seldom stand together.
    """
    found = dict.fromkeys(places, NOTHING)
    if not wanted:
        return found
    tables = {name: _words_of(rows, path) for name, (rows, path) in places.items()}
    corpora = _corpora([table._meta.db_table for table in tables.values()], wanted.terms)
    counted = {name: corpora.get(tables[name]._meta.db_table) for name in places}
    depths = {name: _depth(corpus, wanted.terms) for name, corpus in counted.items()}
    waiting = list(places)
    for last in (False, False, True):
        cuts = {name: None if last else _cut(counted[name], depths[name]) for name in waiting}
        found |= _read(
            {name: _best(places[name][0], tables[name], wanted, cuts[name]) for name in waiting}
        )
        waiting = [n for n in waiting if cuts[n] is not None and not found[n].more]
        if not waiting:
            break
        for name in waiting:  # fewer stand here than expected: look as deep as this says
            depths[name] = (depths[name] or 0) * 2 * BOUND // max(1, len(found[name].ids))
    return found


def highest(rows: QuerySet[Any], path: str, within: Asked, *, after: str = "") -> Found:
    """Return those of ``rows`` with the highest standing, without any words, behind a place.

    ``within`` has marks only. At most two statements, however many there are: a few are put in
    order; among many the highest are walked through until there are enough.
    """
    words = _words_of(rows, path)
    walked = True
    if within.mark:
        corpus = _corpora([words._meta.db_table], within.terms).get(words._meta.db_table)
        walked = corpus is not None and corpus.rarest > FEW_LISTED
    return _read({"": _listed(rows, words, within, _place(after), walked=walked)})[""]


def page_of(
    rows: QuerySet[Any], path: str, text: str, *, after: str = "", size: int
) -> tuple[list[int], str]:
    """Return one page of what :func:`search` finds by all words of ``text``."""
    return search(rows, path, plain(text)).page(after=after, size=size)


def _best(rows: QuerySet[Any], words: type[models.Model], wanted: Asked, cut: _Cut | None) -> str:
    """Return the statement that ranks the BOUND of highest standing, of those that have the words.

    The words are written into it: a plan that is made for any words would be wrong for the
    frequent or for the rare ones. OFFSET 0 keeps its parts apart: else a word that nothing has
    would be looked for in all rows, from the highest on. So the parts are: what is looked at, in
    order, as many as may be seen.
    """
    owner, table = _owner(words), words._meta.db_table
    standing = standing_sql("w.", owner)
    fits = f"w.words @@ {_written(_QUERY, wanted.condition)}"
    above = f"{standing} >= {cut.floor}" if cut else "true"
    looked, left = (above, fits) if cut and cut.walked else (f"{fits} AND {above}", "true")
    rank = f"ts_rank(words, {_written(_QUERY, wanted.text)})::float8"
    return (
        f"SELECT id, {rank} + standing::float8 / {MS_PER_RANK} AS score, standing FROM ("  # noqa: S608 - as above
        f"SELECT w.{owner} AS id, w.words, {standing} AS standing"
        f" FROM (SELECT w.* FROM {table} w WHERE {looked} OFFSET 0) w"
        f" WHERE {left} ORDER BY standing DESC, id DESC OFFSET 0) fitting"
        f" WHERE {_seen(rows)} ORDER BY standing DESC, id DESC LIMIT {BOUND + 1}"
    )


def _listed(
    rows: QuerySet[Any],
    words: type[models.Model],
    within: Asked,
    place: tuple[float, int] | None,
    *,
    walked: bool,
) -> str:
    """Return the statement of :func:`highest`; ``walked``: without the index of words.

    There is no order outside: it would keep the inner part from ending when there are enough. With
    the index of words there is none inside either: the planner would walk all the same, past all
    that has not the words, for the few that it hopes to need.
    """
    owner, table = _owner(words), words._meta.db_table
    standing = standing_sql("w.", owner)
    fits = f"words @@ {_written(_QUERY, within.mark)}" if within.mark else "true"
    behind = f"({standing}, w.{owner}) < ({place[0]:.0f}, {place[1]})" if place else "true"
    table, inner, outer = (
        (table, behind, fits)
        if walked
        else (f"(SELECT w.* FROM {table} w WHERE {fits} AND {behind} OFFSET 0)", "true", "true")  # noqa: S608 - names of our own tables
    )
    return (
        "SELECT id, standing::float8 AS score, standing FROM ("  # noqa: S608 - names of our own tables
        f"SELECT w.{owner} AS id, w.words, {standing} AS standing FROM {table} w"
        f" WHERE {inner} ORDER BY {standing} DESC, w.{owner} DESC OFFSET 0) fitting"
        f" WHERE {outer} AND {_seen(rows)} LIMIT {BOUND + 1}"
    )


def _seen(rows: QuerySet[Any]) -> str:
    """Return the condition that a row is among ``rows``; asked row by row until enough are."""
    visible, params = rows.order_by().values("pk").query.sql_with_params()
    seen = _written(visible, *params)
    return f"EXISTS (SELECT FROM ({seen}) AS seen (id) WHERE seen.id = fitting.id OFFSET 0)"


def _written(statement: str, *values: Any) -> str:
    connection.ensure_connection()
    return ClientCursor(connection.connection).mogrify(statement, values)


_QUERY = "to_tsquery('simple', %s)"


def _read(parts: Mapping[str, str]) -> dict[str, Found]:
    """Run statements of :func:`_best` as one."""
    names = list(parts)
    with connection.cursor() as cursor:
        cursor.execute(
            " UNION ALL ".join(
                f"SELECT {number} AS part, score, id, standing FROM ({parts[name]}) p{number}"  # noqa: S608 - as above
                for number, name in enumerate(names)
            )
        )
        rows: list[list[tuple[float, int, int]]] = [[] for _ in names]
        for number, *row in cursor.fetchall():
            rows[number].append(tuple(row))
    return {name: _ranked(rows[number]) for number, name in enumerate(names)}


def _ranked(rows: list[tuple[float, int, int]]) -> Found:
    """Put (score, id, standing) in order; one too many says that there are more, and goes."""
    more = len(rows) > BOUND
    if more:
        rows.remove(min(rows, key=lambda row: (row[2], row[1])))
    rows.sort(reverse=True)
    return Found([pk for _, pk, _ in rows], [score for score, _, _ in rows], more)


def _owner(words: type[models.Model]) -> str:
    return str(words._meta.pk.column)


def _words_of(rows: QuerySet[Any], path: str) -> type[models.Model]:
    related = rows.model._meta.get_field(path).related_model
    if not isinstance(related, type) or not issubclass(related, models.Model):
        raise TypeError(f"{path} is no relation to a table of words")
    return related


@dataclass(frozen=True, slots=True)
class _Corpus:
    """What was counted: documents in all, standings by depth, documents with each of the terms."""

    documents: int
    marks: list[int]
    counts: list[int]

    @property
    def rarest(self) -> int:
        """In about how many documents the rarest term is; no more can have them all."""
        return min(self.counts)

    def expected(self, terms: Sequence[tuple[Term, ...]]) -> int:
        """Return in about how many documents all terms are.

        Pairs of a Chinese word go together; of other words half is owed to chance, so the
        geometric mean of both extremes.
        """
        apart = [
            min(1.0, count / self.documents)
            for count, group in zip(self.counts, terms, strict=True)
            if count and not is_chinese(group[0].word)
        ]
        by_chance = self.documents * math.prod(apart)
        return int(math.sqrt(self.rarest * min(self.rarest, by_chance)))


def _corpora(tables: Sequence[str], terms: Sequence[tuple[Term, ...]]) -> dict[str, _Corpus]:
    """Return what was counted of some tables and about the terms. One statement."""
    count = (
        "coalesce((SELECT sum(documents) FROM kernel_searchword"
        " WHERE corpus = c.name AND word >= %s AND word <= %s), 0)"
    )
    groups, given = [], []
    for group in terms:
        groups.append(" + ".join([count] * len(group)))
        for term in group:
            given += [term.word, term.word + ("\U0010ffff" if term.beginning else "")]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT c.name, c.documents, c.marks, ARRAY[{', '.join(groups)}]::bigint[]"  # noqa: S608 - marks only
            " FROM kernel_searchcorpus c WHERE c.name = ANY(%s)",
            [*given, list(tables)],
        )
        return {name: _Corpus(*counted) for name, *counted in cursor.fetchall()}


def _depth(corpus: _Corpus | None, terms: Sequence[tuple[Term, ...]]) -> int | None:
    """Return within how many of the highest standing BOUND are expected; None for all."""
    if corpus is None or corpus.rarest <= FEW:
        return None
    return int(_SPARE * BOUND * corpus.documents / max(1, corpus.expected(terms)))


@dataclass(frozen=True, slots=True)
class _Cut:
    """Look only above the standing ``floor``; ``walked``: at all there, without the index."""

    floor: int
    walked: bool


def _cut(corpus: _Corpus | None, depth: int | None) -> _Cut | None:
    """Return where to cut so that about ``depth`` or more documents stand above; None for all."""
    if corpus is None or depth is None:
        return None
    place = max(0, math.ceil(math.log(max(1, depth) / _MARK, _STEP)))
    if place >= len(corpus.marks):
        return None
    return _Cut(corpus.marks[place], corpus.rarest > _QUICKER * _MARK * _STEP**place)


def marked_depths(documents: int) -> list[int]:
    """Return the depths whose standing is kept: 500, 750, 1,125, ... up to half of all."""
    count = max(0, int(math.log(max(1, documents / 2 / _MARK), _STEP)) + 1)
    return [int(_MARK * _STEP**place) for place in range(count) if documents >= 2 * _MARK]


def _place(after: str) -> tuple[float, int] | None:
    score, _, last = after.partition("_")
    try:
        place = float(score), int(last)
    except ValueError:
        return None
    return place if math.isfinite(place[0]) and 0 < place[1] < 2**63 else None
