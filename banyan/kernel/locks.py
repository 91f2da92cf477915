"""One locking contract: the outermost action takes every row lock once, in one global order.

An action reads its subject unlocked, collects (kind, id) keys, and calls :func:`take` inside its
transaction; then it re-reads and writes. Kinds and their tables come from ``config/lock_order.py``.
A later take of an earlier kind in the same transaction raises :class:`LockOrderViolation`,
because two such actions can deadlock. A lock not granted in time becomes ``Busy``.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import NamedTuple

from django.db import OperationalError, connection, transaction
from psycopg import errors as pg

from .problems import Busy

TIMEOUT_MS = 4000


class LockKey(NamedTuple):
    """A lockable row: ``kind`` of the lock order, primary key ``id``."""

    kind: str
    id: int


class LockOrderViolation(RuntimeError):
    """Locks were asked for against the global order, or outside a transaction."""


_tables: dict[str, str] = {}
_rank: dict[str, int] = {}
_highest: weakref.WeakKeyDictionary[object, int] = weakref.WeakKeyDictionary()
_held: weakref.WeakKeyDictionary[object, set[LockKey]] = weakref.WeakKeyDictionary()


def configure(order: list[tuple[str, str]]) -> None:
    """Set the global order: (kind, table) pairs, earliest first. Called once at start-up."""
    _tables.clear()
    _rank.clear()
    for rank, (kind, table) in enumerate(order):
        _tables[kind] = table
        _rank[kind] = rank


def _outermost() -> object:
    if not connection.in_atomic_block:
        raise LockOrderViolation("locks are taken inside a transaction")
    for block in connection.atomic_blocks:
        if not getattr(block, "_from_testcase", False):
            return block
    raise LockOrderViolation("locks are taken inside a transaction of an action")


def take(keys: Iterable[LockKey]) -> None:
    """Lock the rows of ``keys`` FOR NO KEY UPDATE, in the global order; released at commit.

    Keys already held are skipped. Raises Busy after TIMEOUT_MS, LockOrderViolation when a new
    key is of an earlier kind than one already held in this transaction.
    """
    block = _outermost()
    held = _held.setdefault(block, set())
    wanted = set(keys) - held
    if not wanted:
        return
    kinds = sorted({key.kind for key in wanted}, key=_rank.__getitem__)
    if _rank[kinds[0]] < _highest.get(block, -1):
        raise LockOrderViolation(f"{kinds[0]} asked for after a later kind was locked")
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {TIMEOUT_MS}")
            for kind in kinds:
                ids = sorted({key.id for key in wanted if key.kind == kind})
                cursor.execute(
                    f"SELECT id FROM {_tables[kind]} WHERE id = ANY(%s)"  # noqa: S608
                    " ORDER BY id FOR NO KEY UPDATE",
                    [ids],
                )
    except OperationalError as error:
        if isinstance(error.__cause__, pg.LockNotAvailable | pg.DeadlockDetected):
            raise Busy(detail=f"lock not granted: {kinds}") from error
        raise
    held |= wanted
    _highest[block] = max(_highest.get(block, -1), _rank[kinds[-1]])


def held(key: LockKey) -> bool:
    """Tell whether the current transaction holds ``key``."""
    return connection.in_atomic_block and key in _held.get(_outermost(), set())


def require(*keys: LockKey) -> None:
    """Assert that an outer action has taken ``keys``: for verbs that run inside others."""
    missing = [key for key in keys if not held(key)]
    if missing:
        raise LockOrderViolation(f"not locked: {missing}")


def in_transaction() -> bool:
    """Tell whether the caller is inside an action's transaction (test frames do not count)."""
    return any(not getattr(b, "_from_testcase", False) for b in connection.atomic_blocks)


atomic = transaction.atomic
