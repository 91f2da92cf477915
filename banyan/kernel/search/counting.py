"""Which words there are and how frequent they are; counted again every hour, from a sample.

Only what everybody may see is counted: a known word is offered to anybody.
"""

from __future__ import annotations

from typing import Any

from django.db import connection, models, transaction
from django.db.models import QuerySet
from psycopg import ClientCursor

from ..models import SearchCorpus, SearchWord
from .asking import Term
from .finding import marked_depths, standing_sql
from .spelling import nearest, slips, struck
from .words import SOUND, is_chinese, pieces

SAMPLE = 30_000
MOST_WORDS = 100_000
MOST_OFFERED = 200
_PIECE = 2_000


def count(rows: QuerySet[Any], path: str) -> int:
    """Count the words of ``rows`` (those that everybody may see); returns how many are known.

    Takes the SAMPLE of highest standing for all. Repeatable; words that are gone are forgotten.
    """
    words = rows.model._meta.get_field(path).related_model
    table, owner = words._meta.db_table, words._meta.pk.column
    standing = standing_sql("w.", owner)
    visible, params = rows.order_by().values("pk").query.sql_with_params()
    with transaction.atomic(), connection.cursor() as cursor:
        writer = ClientCursor(connection.connection)
        inner = writer.mogrify(visible, params)
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a table of ours
        documents = int(cursor.fetchone()[0])
        sample = (
            f"SELECT w.words FROM {table} w WHERE w.{owner} IN ({inner})"  # noqa: S608 - as above
            f" ORDER BY {standing} DESC LIMIT {SAMPLE}"
        )
        cursor.execute(f"SELECT count(*) FROM ({sample}) s")  # noqa: S608 - as above
        taken = int(cursor.fetchone()[0])
        cursor.execute(
            "SELECT word, ndoc FROM ts_stat(%s) ORDER BY ndoc DESC, word LIMIT %s",
            [sample, MOST_WORDS],
        )
        known = cursor.fetchall()
        share = documents / taken if taken > SAMPLE - 1 else 1.0
        cursor.execute("DELETE FROM kernel_searchword WHERE corpus = %s", [table])
        SearchWord.objects.bulk_create(
            [
                SearchWord(
                    corpus=table, word=word, documents=max(1, round(ndoc * share)),
                    near=struck(word) if _can_be_meant(word) else None,
                )
                for word, ndoc in known
            ],
            batch_size=_PIECE,
        )  # fmt: skip
        marks = _marks(cursor, table, owner, documents)
        SearchCorpus.objects.update_or_create(
            name=table, defaults={"documents": documents, "marks": marks}
        )
    return len(known)


def _marks(cursor: Any, table: str, owner: str, documents: int) -> list[int]:
    standing = standing_sql("", owner)
    marks = []
    for depth in marked_depths(documents):
        cursor.execute(
            f"SELECT {standing} FROM {table} ORDER BY {standing} DESC OFFSET %s LIMIT 1",  # noqa: S608 - a table of ours
            [depth],
        )
        marks.append(int(cursor.fetchone()[0]))
    return marks


def _can_be_meant(word: str) -> bool:
    return slips(word) > 0 and not is_chinese(word) and not word.startswith(SOUND)


def meant(text: str) -> str:
    """Return ``text`` with unknown words replaced by what they may have meant; "" for no change.

    Two statements; only words in Latin, Greek, Cyrillic and such letters.
    """
    given = list(pieces(text))
    asked = [piece for piece in given if _can_be_meant(piece)]
    if not asked:
        return ""
    known = set(SearchWord.objects.filter(word__in=asked).values_list("word", flat=True))
    unknown = [piece for piece in asked if piece not in known]
    instead = {piece: found for piece in unknown if (found := _nearest_to(piece))}
    return " ".join(instead.get(piece, piece) for piece in given) if instead else ""


def _nearest_to(word: str) -> str | None:
    near = SearchWord.objects.filter(near__overlap=struck(word)).values("word")
    rows = near.annotate(all=models.Sum("documents")).order_by("-all", "word")
    return nearest(word, rows.values_list("word", "all")[:MOST_OFFERED])


def beginning_with(text: str, *, most: int) -> list[str]:
    """Return ``text`` with its last word completed by known ones, most frequent first."""
    given = list(pieces(text))
    if not given or (len(given[-1]) < 2 and not is_chinese(given[-1])):
        return []
    *first, last = given
    end = Term(last, beginning=True)
    rows = (
        SearchWord.objects.filter(word__gt=end.word, word__lte=end.word + "\U0010ffff")
        .values("word")
        .annotate(all=models.Sum("documents"))
        .order_by("-all", "word")
    )
    return [" ".join([*first, word]) for word in rows.values_list("word", flat=True)[:most]]
