"""Counters: bounded ones that never pass their cap, and soft ones that are folded later.

* **bounded** (seats, budgets, uses of a coupon): one conditional UPDATE whose affected rows are
  checked, with a CHECK constraint behind it.
* **delta** (likes, views; never money): an append per change, so that a hot subject has no hot
  row; :func:`fold` sums the changes away and hands them on exactly once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models, transaction
from django.db.models import F, Sum
from django.db.models.functions import JSONArray

from .models import BoundedCounter, CounterDelta
from .problems import SoldOut
from .remembered import insert


def open_counter(*, kind: str, subject_id: int, cap: int) -> BoundedCounter:
    """Return the counter of (kind, subject), made with ``cap`` if there is none. Repeatable."""
    counter, _ = BoundedCounter.objects.get_or_create(
        kind=kind, subject_id=subject_id, defaults={"cap": cap}
    )
    return counter


def take(*, kind: str, subject_id: int, n: int = 1) -> None:
    """Take ``n`` or nothing. Raises SoldOut when fewer are left, LookupError without a counter.

    Locks the counter's row until the caller's transaction ends, so take late and commit soon.
    """
    _positive(n)
    rows = _rows(kind, subject_id)
    if rows.filter(used__lte=F("cap") - n).update(used=F("used") + n) == 1:
        return
    if not rows.exists():
        raise LookupError(f"no counter {kind} {subject_id}")
    raise SoldOut(detail=f"{kind} {subject_id}: fewer than {n} left")


def release(*, kind: str, subject_id: int, n: int = 1) -> None:
    """Give ``n`` back; ValueError when fewer were taken, which is a fault of the caller."""
    _positive(n)
    if _rows(kind, subject_id).filter(used__gte=n).update(used=F("used") - n) != 1:
        raise ValueError(f"{kind} {subject_id}: {n} given back, fewer taken")


def left(*, kind: str, subject_id: int) -> int:
    """Return how many can be taken at this moment."""
    used, cap = _rows(kind, subject_id).values_list("used", "cap").get()
    return cap - used


def add(*, kind: str, subject_id: int, delta: int = 1) -> None:
    """Append a change of a soft counter; locks nothing."""
    insert(CounterDelta(kind=kind, subject_id=subject_id, delta=delta))


def pending(*, kinds: Iterable[str], subject_ids: Iterable[int]) -> list[tuple[str, int, int]]:
    """Return (kind, subject, sum) of changes that wait to be folded; what is folded is not in it.

    One statement over the few seconds' changes of ``kinds``.
    """
    rows = CounterDelta.objects.filter(kind__in=list(kinds), subject_id__in=list(subject_ids))
    return list(rows.values_list("kind", "subject_id").annotate(total=Sum("delta")).order_by())


def waiting(*, kinds: Iterable[str], subject_ids: Iterable[int]) -> ArraySubquery:
    """Return what :func:`pending` does as one more column of other rows: lists instead of tuples.

    The same in every row, because it is asked for once; that is less than a statement of its own.
    """
    rows = CounterDelta.objects.filter(kind__in=list(kinds), subject_id__in=list(subject_ids))
    sums = rows.order_by().values("kind", "subject_id").annotate(total=Sum("delta"))
    return ArraySubquery(sums.values(one=JSONArray("kind", "subject_id", "total")))


def fold(
    kind: str, apply: Callable[[dict[int, int]], None], *, limit: int = 20_000
) -> dict[int, int]:
    """Sum up to ``limit`` committed changes of ``kind`` per subject and hand them to ``apply``.

    ``apply`` gets {subject_id: delta}, ids ascending, inside the transaction that deletes the
    changes: it must write them to the database, and they count exactly once. Any number of folders
    may run. Returns what was applied; an empty dict when there was nothing to do.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "WITH due AS ("
            "  SELECT id FROM kernel_counterdelta WHERE kind = %s ORDER BY id LIMIT %s"
            "  FOR UPDATE SKIP LOCKED),"
            " gone AS ("
            "  DELETE FROM kernel_counterdelta AS d USING due WHERE d.id = due.id"
            "  RETURNING d.subject_id, d.delta)"
            " SELECT subject_id, sum(delta)::bigint FROM gone GROUP BY 1 ORDER BY 1",
            [kind, limit],
        )
        sums = dict(cursor.fetchall())
        if sums:
            apply(sums)
    return sums


def _rows(kind: str, subject_id: int) -> models.QuerySet[BoundedCounter]:
    return BoundedCounter.objects.filter(kind=kind, subject_id=subject_id)


def _positive(n: int) -> None:
    if n < 1:
        raise ValueError("a count is at least 1")
