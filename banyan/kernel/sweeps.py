"""Looking at everything that is due, so that what stays due keeps nothing else from its turn.

Rows are read in the order of their time, a piece at a time, always beyond what was looked at: one
that has to wait, or whose act fails, is passed by and met again by a later run. A run that has
looked at enough keeps its place, and the next one goes on from there before it comes round.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Q, QuerySet

from .models import SweepPlace
from .problems import Problem

PIECE = 200
MOST = 2000
logger = logging.getLogger(__name__)

Place = tuple[dt.datetime | None, int]
"""How far a run came: the time and the id of the row that it looked at last."""


def sweep(
    name: str,
    due: QuerySet[Any],
    act: Callable[[int], int],
    *,
    by: str = "",
    piece: int = PIECE,
    most: int = MOST,
) -> int:
    """Call ``act(id)`` for each row of ``due``; returns the sum of what it returned.

    Outside any transaction: ``act`` opens its own. Ordered by the time in column ``by``, then by
    id; by id alone without one. Looks at up to ``most`` rows; where more are due, the place is kept
    under ``name`` after each ``piece``. What raises is logged and counts nothing. With no more than
    a piece due there is one statement besides those of the acts. Any number may run at once.
    """
    done = 0
    for row_id in _ids(name, due, by, piece, most):
        try:
            done += act(row_id)
        except Problem as problem:
            logger.warning("%s: %s waits (%s)", name, row_id, problem.code)
        except Exception:
            # One that fails must not hold up the others.
            logger.exception("%s: %s fails", name, row_id)
    return done


def _ids(name: str, due: QuerySet[Any], by: str, piece: int, most: int) -> Iterator[int]:
    rows = due.order_by(*([by] if by else []), "pk")
    first = list(rows.values_list("pk", flat=True)[: piece + 1])
    if len(first) <= piece:
        yield from first
        return
    began = _kept_place(name)
    looked = 0
    # From the place to the end, then from the start to the place.
    for start, end in [(began, None), (None, began)] if began else [(None, None)]:
        place = start
        while found := _beyond(rows, by, place, end, min(piece, most - looked)):
            yield from (row_id for _at, row_id in found)
            place, looked = found[-1], looked + len(found)
            _keep_place(name, place)
            if looked >= most:
                return
    SweepPlace.objects.filter(name=name).delete()


def _beyond(
    rows: QuerySet[Any], by: str, place: Place | None, end: Place | None, n: int
) -> list[Place]:
    if place is not None:
        rows = rows.filter(_after(by, place))
    if end is not None:
        rows = rows.exclude(_after(by, end))
    if by:
        return list(rows.values_list(by, "pk")[:n])
    return [(None, row_id) for row_id in rows.values_list("pk", flat=True)[:n]]


def _after(by: str, place: Place) -> Q:
    at, row_id = place
    if not by:
        return Q(pk__gt=row_id)
    # The first condition says nothing new: it is what an index can be read from.
    return Q(**{f"{by}__gte": at}) & (Q(**{f"{by}__gt": at}) | Q(pk__gt=row_id))


def _kept_place(name: str) -> Place | None:
    kept = SweepPlace.objects.filter(name=name).first()
    return (kept.at, kept.row_id) if kept else None


def _keep_place(name: str, place: Place) -> None:
    at, row_id = place
    SweepPlace.objects.update_or_create(name=name, defaults={"at": at, "row_id": row_id})
