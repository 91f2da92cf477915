"""Tickets: selling one hot thing without a hot row.

A number comes from a sequence, which nobody waits for, and the claim commits alone, before the
order's transaction, or with a short one of which it is the last statement. So a sale never sells a
number twice, and what gets lost on the way (a killed process, a rolled-back claim, numbers drawn
while it was sold out) comes back:

* a claim lapses after its time to live and becomes a release;
* the sweeper releases numbers in 1..least(drawn, stock) that have neither claim nor release and
  were drawn longer ago than any transaction may last;
* raising the stock releases the numbers that were drawn in vain.

When it is quiet, claims + releases = least(drawn, stock): :func:`balance` says so.
"""

# ruff: noqa: S608 (the only text put into SQL is the constant _DRAWN)

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection, transaction

from . import clock
from .locks import in_transaction
from .models import TicketClaim, TicketPool
from .problems import Conflict, NotFound, SoldOut
from .remembered import run

TTL = dt.timedelta(minutes=5)
CLAIM_TIMEOUT_MS = 5_000
# Longer than any claim may run from its drawing (one statement that waits for nobody, or
# CLAIM_TIMEOUT_MS for several), with room for a commit that waits. A claim that comes later yet is
# not lost: the number has a release then, too, and that is dropped when somebody takes it.
LONGEST_TRANSACTION = dt.timedelta(seconds=60)
# A closed sale's sequence rests this long, for claims that were on their way.
SEQUENCE_REST = dt.timedelta(hours=1)
SEQUENCES = tuple(f"kernel_ticket_{n:03d}" for n in range(1, 65))

_DRAWN = "coalesce(pg_sequence_last_value(p.sequence_name::regclass), 0)"


Drawn = list[tuple[int, int]]
"""(claim id, number) pairs."""


class Balance(NamedTuple):
    """Where a sale stands; consistent when quiet: ``claims + releases == within``."""

    claims: int
    releases: int
    within: int

    @property
    def consistent(self) -> bool:
        """Tell whether every number in reach is claimed or released, and only once."""
        return self.claims + self.releases == self.within


def open_sale(*, kind: str, subject_id: int, stock: int) -> TicketPool:
    """Return the open sale of (kind, subject), begun with ``stock`` numbers if there is none.

    Raises Conflict when all sequences are in use.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # Openings wait for each other, so that a sequence is given out once.
            cursor.execute("LOCK TABLE kernel_ticketpool IN SHARE ROW EXCLUSIVE MODE")
        known = TicketPool.objects.filter(kind=kind, subject_id=subject_id, closed_at=None).first()
        if known is not None:
            return known
        resting = clock.now() - SEQUENCE_REST
        busy = TicketPool.objects.exclude(closed_at__lt=resting).values_list(
            "sequence_name", flat=True
        )
        free = sorted(set(SEQUENCES) - set(busy))
        if not free:
            raise Conflict(detail="every ticket sequence is in use; close a sale first")
        with connection.cursor() as cursor:
            cursor.execute("SELECT setval(%s::regclass, 1, false)", [free[0]])
        return TicketPool.objects.create(
            kind=kind, subject_id=subject_id, sequence_name=free[0], stock=stock
        )


def claim(
    *, pool_id: int, holder: str, quantity: int = 1, ttl: dt.timedelta = TTL
) -> list[TicketClaim]:
    """Claim ``quantity`` numbers or none, in a transaction of its own that commits at once.

    One number is one statement. Raises SoldOut when fewer are to be had, RuntimeError inside
    another transaction. Claims lapse after ``ttl``; :func:`use` them in the order's transaction
    before that.
    """
    if quantity < 1:
        raise ValueError("a quantity is at least 1")
    if in_transaction():
        raise RuntimeError("a ticket claim is durable: it commits alone, before any transaction")
    expires_at = clock.now() + ttl
    if quantity == 1:
        found = _draw(pool_id, holder, 1, expires_at)
        found = found or _take_released(pool_id, holder, 1, expires_at)
    else:
        found = _claim_several(pool_id, holder, quantity, expires_at)
    if not found:
        raise SoldOut(detail=f"pool {pool_id}: fewer than {quantity} left")
    return [
        TicketClaim(pk=pk, pool_id=pool_id, number=number, holder=holder, expires_at=expires_at)
        for pk, number in sorted(found, key=lambda one: one[1])
    ]


def _claim_several(pool_id: int, holder: str, quantity: int, expires_at: dt.datetime) -> Drawn:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {CLAIM_TIMEOUT_MS}")
        found = _draw(pool_id, holder, quantity, expires_at)
        if len(found) < quantity:
            found += _take_released(pool_id, holder, quantity - len(found), expires_at)
        if found and len(found) < quantity:
            # Not a rollback: the numbers drawn would be lost until the next sweep.
            _to_releases([pk for pk, _number in found])
            found = []
    return found


def used_at_once(only_if: str) -> str:
    """Return SQL that draws a fresh number, already used, where a condition holds; its id.

    For a larger statement that is the last before its commit: what is rolled back after it is
    lost until the next sweep. Parameters: holder, when (twice), pool, those of the condition.
    """
    return _drawing(used="%s", only_if=only_if)


_USE = (
    "UPDATE kernel_ticketclaim SET used_at = %s"
    " WHERE id = ANY(%s::bigint[]) AND holder = %s AND used_at IS NULL AND expires_at > %s"
)


def use(*, claims: Sequence[int], holder: str) -> None:
    """Turn ``claims`` (ids) into sold numbers, in the order's transaction. Repeatable: no.

    Raises Conflict when one of them lapsed, was used, or belongs to somebody else.
    """
    now = clock.now()
    used = run(_USE, [now, list(claims), holder, now]).rowcount
    if used != len(set(claims)):
        raise Conflict(code="ticket_lapsed", detail=f"{used} of {len(set(claims))} claims stand")


def give_back(*, claims: Sequence[int]) -> int:
    """Free the numbers of ``claims`` (ids), used or not, in the caller's transaction.

    Returns how many there were; giving back twice frees once.
    """
    return _to_releases(list(claims)) if claims else 0


def raise_stock(*, pool_id: int, stock: int) -> None:
    """Raise the number of tickets; numbers drawn in vain up to it can be had at once.

    Raises ValueError when ``stock`` is smaller than now: close the sale instead.
    """
    with transaction.atomic():
        pool = _locked(pool_id)
        if stock < pool.stock:
            raise ValueError(f"stock can only be raised (from {pool.stock} to {stock})")
        TicketPool.objects.filter(pk=pool.pk).update(stock=stock)
        with connection.cursor() as cursor:
            # A number drawn after this reading by a claim that still saw the old stock is left
            # to the sweeper.
            cursor.execute(
                "INSERT INTO kernel_ticketrelease (pool_id, number)"
                " SELECT p.id, n FROM kernel_ticketpool AS p,"
                f" generate_series(%s::bigint, least({_DRAWN}, p.stock)) AS n WHERE p.id = %s"
                " ON CONFLICT DO NOTHING",
                [pool.stock + 1, pool.pk],
            )


def close_sale(*, pool_id: int) -> None:
    """End the sale: no further claims; the sequence is free for another sale after a rest."""
    TicketPool.objects.filter(pk=pool_id, closed_at=None).update(closed_at=clock.now())


def sweep(*, limit: int = 1000) -> int:
    """Release lapsed claims and lost numbers of all open sales. Returns how many numbers.

    For a job every few seconds; any number may run at once.
    """
    total = _release_lapsed(limit)
    for pool_id in TicketPool.objects.filter(closed_at=None).values_list("pk", flat=True):
        total += _release_lost(pool_id)
    return total


def balance(pool_id: int) -> Balance:
    """Count claims, releases, and numbers drawn within the stock, in one snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM kernel_ticketclaim WHERE pool_id = p.id),"
            " (SELECT count(*) FROM kernel_ticketrelease WHERE pool_id = p.id),"
            f" least({_DRAWN}, p.stock) FROM kernel_ticketpool AS p WHERE p.id = %s",
            [pool_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound(detail=f"no ticket pool {pool_id}")
    return Balance(*row)


def left(pool_id: int) -> int:
    """Return how many can be claimed: undrawn numbers and releases (an estimate while busy)."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT greatest(p.stock - {_DRAWN}, 0)"
            " + (SELECT count(*) FROM kernel_ticketrelease WHERE pool_id = p.id)"
            " FROM kernel_ticketpool AS p WHERE p.id = %s AND p.closed_at IS NULL",
            [pool_id],
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _drawing(several: str = "", *, used: str = "NULL", only_if: str = "true") -> str:
    return (
        "INSERT INTO kernel_ticketclaim (pool_id, number, holder, expires_at, used_at)"
        f" SELECT drawn.pool_id, drawn.number, %s, %s, {used} FROM ("
        "  SELECT p.id AS pool_id, p.stock, nextval(p.sequence_name::regclass) AS number"
        f"  FROM kernel_ticketpool AS p{several}"
        f" WHERE p.id = %s AND p.closed_at IS NULL AND {_DRAWN} < p.stock AND {only_if}"
        "  OFFSET 0"  # keeps the planner from drawing a number twice for one row
        " ) AS drawn WHERE drawn.number <= drawn.stock RETURNING id, number"
    )


# A third of what one claim takes would go into a series of one.
DRAW, DRAW_SEVERAL = _drawing(), _drawing(", generate_series(1, %s)")


def _draw(pool_id: int, holder: str, quantity: int, expires_at: dt.datetime) -> Drawn:
    """Claim fresh numbers; those beyond the stock are burnt. Nobody waits for anybody."""
    if quantity == 1:
        return list(run(DRAW, [holder, expires_at, pool_id]).fetchall())
    return list(run(DRAW_SEVERAL, [holder, expires_at, quantity, pool_id]).fetchall())


def _take_released(pool_id: int, holder: str, quantity: int, expires_at: dt.datetime) -> Drawn:
    found: Drawn = []
    while len(found) < quantity:
        with connection.cursor() as cursor:
            # A release of a number that has a claim after all is dropped without effect.
            cursor.execute(
                "WITH taken AS ("
                "  DELETE FROM kernel_ticketrelease WHERE id IN ("
                "   SELECT r.id FROM kernel_ticketrelease AS r"
                "   JOIN kernel_ticketpool AS p ON p.id = r.pool_id AND p.closed_at IS NULL"
                "   WHERE r.pool_id = %s ORDER BY r.number LIMIT %s FOR UPDATE OF r SKIP LOCKED)"
                "  RETURNING pool_id, number),"
                " made AS ("
                "  INSERT INTO kernel_ticketclaim (pool_id, number, holder, expires_at)"
                "  SELECT pool_id, number, %s, %s FROM taken ON CONFLICT DO NOTHING"
                "  RETURNING id, number)"
                " SELECT t.number, m.id FROM taken AS t LEFT JOIN made AS m USING (number)",
                [pool_id, quantity - len(found), holder, expires_at],
            )
            rows = cursor.fetchall()
        found += [(pk, number) for number, pk in rows if pk is not None]
        if not rows:
            break
    return found


_RELEASE = (
    "WITH gone AS (DELETE FROM kernel_ticketclaim WHERE id IN ({ids}) RETURNING pool_id, number)"
    " INSERT INTO kernel_ticketrelease (pool_id, number) SELECT pool_id, number FROM gone"
    " ON CONFLICT DO NOTHING"
)


def _to_releases(ids: list[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE.format(ids="SELECT unnest(%s::bigint[])"), [ids])
        return int(cursor.rowcount)


def _release_lapsed(limit: int) -> int:
    lapsed = (
        "SELECT id FROM kernel_ticketclaim WHERE used_at IS NULL AND expires_at <= %s"
        " ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED"
    )
    with connection.cursor() as cursor:
        cursor.execute(_RELEASE.format(ids=lapsed), [clock.now(), limit])
        return int(cursor.rowcount)


def _release_lost(pool_id: int) -> int:
    """Release what was drawn before the last watermark and never arrived; set a new watermark."""
    now = clock.now()
    with transaction.atomic():
        pool = _locked(pool_id)
        if pool.watermark_at is not None and now - pool.watermark_at < LONGEST_TRANSACTION:
            return 0
        found = 0
        reach = min(pool.watermark, pool.stock)
        with connection.cursor() as cursor:
            if reach > pool.swept_to:
                cursor.execute(
                    "INSERT INTO kernel_ticketrelease (pool_id, number)"
                    " SELECT %(pool)s, n FROM generate_series(%(first)s::bigint, %(reach)s) AS n"
                    " WHERE NOT EXISTS (SELECT 1 FROM kernel_ticketclaim AS c"
                    "  WHERE c.pool_id = %(pool)s AND c.number = n)"
                    " ON CONFLICT DO NOTHING",
                    {"pool": pool.pk, "first": pool.swept_to + 1, "reach": reach},
                )
                found = cursor.rowcount
            cursor.execute(
                "UPDATE kernel_ticketpool AS p SET swept_to = greatest(p.swept_to, %s),"
                f" watermark = {_DRAWN}, watermark_at = %s WHERE p.id = %s",
                [reach, now, pool.pk],
            )
    return found


def _locked(pool_id: int) -> TicketPool:
    pool = TicketPool.objects.select_for_update(no_key=True).filter(pk=pool_id).first()
    if pool is None:
        raise NotFound(detail=f"no ticket pool {pool_id}")
    return pool
