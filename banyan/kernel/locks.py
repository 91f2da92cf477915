"""One locking contract: the outermost action takes every row lock once, in one global order.

An action reads its subject unlocked, collects (kind, id) keys, and calls :func:`take` inside its
transaction; then it re-reads and writes. Kinds and their tables come from ``config/lock_order.py``.
A later take of an earlier (kind, id) in the same transaction raises :class:`LockOrderViolation`,
because two such actions can deadlock. A lock not granted in time becomes ``Busy``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import errors as pg

from .problems import Busy
from .remembered import columns, fill, reload, run

TIMEOUT_MS = 4000
_MOST_SPELLED_OUT = 40  # rows of a kind that are parameters; such a statement is kept prepared


class LockKey(NamedTuple):
    """A lockable row: ``kind`` of the lock order, primary key ``id``."""

    kind: str
    id: int


class LockOrderViolation(RuntimeError):  # noqa: N818 - named for what it says
    """Locks were asked for against the global order, or outside a transaction."""


@dataclass(frozen=True)
class _Taken:
    """Keys that were locked, filed among the connection's commit hooks; does nothing itself.

    Django drops a hook when its savepoint rolls back and all of them when the transaction ends:
    just when PostgreSQL releases the row locks. Anything kept elsewhere would have to guess.
    """

    keys: frozenset[LockKey]
    root: str | None

    def __call__(self) -> None: ...


class _Postponed(_Taken):
    """Keys that will be locked later in the transaction; filed like those that are."""


@dataclass(frozen=True)
class _Kept:
    """What was read for the locks of a transaction; filed like them, so it ends with them."""

    name: tuple[str, int]
    value: object
    root: str | None

    def __call__(self) -> None: ...


_tables: dict[str, str] = {}
_rank: dict[str, int] = {}


def configure(order: list[tuple[str, str]]) -> None:
    """Set the global order: (kind, table) pairs, earliest first. Called once at start-up."""
    if len({table for _, table in order}) < len(order) or len(dict(order)) < len(order):
        raise ValueError("every kind and every table has one place in the lock order")
    _tables.clear()
    _rank.clear()
    for rank, (kind, table) in enumerate(order):
        _tables[kind] = table
        _rank[kind] = rank


def take(keys: Iterable[LockKey]) -> None:
    """Lock the rows of ``keys`` FOR NO KEY UPDATE, in the global order; released at commit.

    One statement. Keys already held are skipped; a row that does not exist is skipped too, so
    re-read after it. The time-out stays until the transaction ends, for whatever else it waits for.
    Raises Busy when a row is not to be had within TIMEOUT_MS, LockOrderViolation when a new key
    comes before one already held in this transaction. KeyError names an unknown kind.
    """
    wanted = _not_held(keys)
    if not wanted:
        return
    with in_time():
        run(*_statement(wanted))
    transaction.on_commit(_Taken(frozenset(wanted), _root()))


def take_reading(kind: str, row: models.Model) -> None:
    """Lock one row of ``kind`` as :func:`take` does, and read its columns into ``row`` again.

    One message for both. Raises what take raises, and the model's DoesNotExist.
    """
    key = LockKey(kind, int(row.pk))
    if not _not_held([key]):
        return reload(row)
    table = _tables[kind]
    if row._meta.db_table != table:
        raise ValueError(f"{kind} locks rows of {table}, not of {row._meta.db_table}")
    found = _locked(row, "id", key.id, patience())
    if found is None:
        raise type(row).DoesNotExist(f"{key}")  # type: ignore[attr-defined]  # every model has its own
    fill(row, found)
    transaction.on_commit(_Taken(frozenset([key]), _root()))


def read_behind(row: models.Model, field: str) -> bool:
    """Read the columns of ``row`` by a unique ``field``, behind whoever has it locked just now.

    For those who only want to know how it ended: waits for the transaction that holds the row,
    and keeps no lock itself. False when there is no such row. Raises Busy after TIMEOUT_MS, and
    LockOrderViolation inside an action.
    """
    if in_transaction():
        raise LockOrderViolation("inside an action a lock would stay: take it")
    found = _locked(row, field, getattr(row, field), f"{patience()}, {_PASSING}")
    if found is not None:
        fill(row, found)
    return found is not None


# Nobody has to wait for the disk because of a lock that is gone with its statement.
_PASSING = "set_config('synchronous_commit', 'off', true) AS is_off"


def _locked(row: models.Model, field: str, value: Any, settings: str) -> Any:
    """Lock the row whose unique ``field`` has this value; return its columns, None without one."""
    with in_time():
        return run(_locking(type(row), field, settings), [value]).fetchone()


@cache
def _locking(model: type[models.Model], field: str, settings: str) -> str:
    column = model._meta.get_field(field).column  # type: ignore[union-attr]  # no relation
    return (
        f"WITH patience AS MATERIALIZED ({settings})"  # noqa: S608 - names of models
        f' SELECT {columns(model)} FROM patience, "{model._meta.db_table}" AS mine'
        f' WHERE mine."{column}" = %s FOR NO KEY UPDATE OF mine'
    )


def _not_held(keys: Iterable[LockKey]) -> list[LockKey]:
    """Return what is still to be locked, in order; refuse what would come too late."""
    if not in_transaction():
        raise LockOrderViolation("locks are taken inside the transaction of an action")
    held_keys = _held()
    wanted = sorted({LockKey(*key) for key in keys} - held_keys, key=_place)
    last = max(held_keys, key=_place, default=None)
    if wanted and last is not None and _place(wanted[0]) < _place(last):
        raise LockOrderViolation(f"{wanted[0]} asked for after {last} was locked")
    return wanted


def patience() -> str:
    """Return the query by which a statement that waits for a row says for how long at most.

    A part of that statement: what is sent as several commands is never kept prepared.
    """
    return f"SELECT set_config('lock_timeout', '{int(TIMEOUT_MS)}', true) AS is_set"


@contextmanager
def in_time() -> Iterator[None]:
    """Turn the database's word that a lock was not to be had into Busy.

    For a statement that locks one row by itself, with :func:`patience` as a part of it.
    """
    try:
        yield
    except OperationalError as error:
        problem = busy(error)
        if problem is None:
            raise
        raise problem from error


def postpone(keys: Iterable[LockKey]) -> None:
    """Note keys that this transaction will lock by :func:`take_postponed`, all of them at once.

    For rows that many actions need: the outermost action collects them with all others, and
    locks them when what can be done without them is done. They come last in the global order.
    """
    if not in_transaction():
        raise LockOrderViolation("locks are taken inside the transaction of an action")
    transaction.on_commit(_Postponed(frozenset(LockKey(*key) for key in keys), _root()))


def take_postponed() -> None:
    """Lock what was postponed in this transaction, as :func:`take` does; repeatable."""
    take(_filed(_Postponed))


def keep(kind: str, subject_id: int, value: object) -> None:
    """Keep what was read to collect locks, for the handler that runs under them.

    Only where nobody can change it: rows of this transaction, or under a lock that is held
    already. Nothing happens outside an action, where no handler follows.
    """
    if in_transaction():
        transaction.on_commit(_Kept((kind, subject_id), value, _root()))


def kept(kind: str, subject_id: int) -> Any:
    """Return what :func:`keep` kept in this transaction, or None."""
    real, name = _connection(), (kind, subject_id)
    for _, hook, *_ in reversed(real.run_on_commit):
        if type(hook) is _Kept and hook.name == name and hook.root == _root(real):
            return hook.value
    return None


def held(key: LockKey) -> bool:
    """Tell whether the current transaction holds ``key``."""
    return LockKey(*key) in _held()


def holding() -> bool:
    """Tell whether the current transaction holds any key."""
    return bool(_held())


def require(*keys: LockKey) -> None:
    """Assert that an outer action has taken ``keys``: for verbs that run inside others."""
    missing = [key for key in keys if not held(key)]
    if missing:
        raise LockOrderViolation(f"not locked: {missing}")


def check_again(keys: Iterable[LockKey]) -> None:
    """Raise Busy unless ``keys``, collected once more behind the locks, are all held.

    For rows that others add to: what was read before the locks may have been too little by then,
    and what is missing could come earlier in the order. Trying again collects it all.
    """
    if missing := {LockKey(*key) for key in keys} - _held():
        raise Busy(detail=f"more to lock than before: {sorted(missing, key=_place)}")


def locked_by_statement(keys: Iterable[LockKey]) -> None:
    """Note rows that an UPDATE of the caller's has just locked by itself: one at most.

    Raises LockOrderViolation when it comes before a key that is held already, and for several:
    one statement locks them in no order. Outside an action it was a transaction of its own.
    """
    wanted = _not_held(keys) if in_transaction() else []
    if len(wanted) > 1:
        raise LockOrderViolation(f"locked in no order: {wanted}")
    if wanted:
        transaction.on_commit(_Taken(frozenset(wanted), _root()))


def in_transaction() -> bool:
    """Tell whether the caller is inside an action's transaction (test frames do not count)."""
    return _acting(_connection())


@contextmanager
def rehearsal() -> Iterator[None]:
    """Run actions one after another as if each had committed, and undo all of it at the end.

    Nothing stays: no row, event, posting or hook. Rows that the actions lock stay locked until
    then, so only for rows that nobody else waits for, and briefly.
    """
    frame = transaction.atomic()
    frame._from_testcase = True  # type: ignore[attr-defined]  # a frame around actions, none itself
    with frame:
        yield
        transaction.set_rollback(True)


def busy(error: BaseException) -> Busy | None:
    """Return the Busy that stands for a lock time-out or a deadlock of the database, else None."""
    cause = error.__cause__ if isinstance(error, OperationalError) else error
    if isinstance(cause, pg.LockNotAvailable | pg.DeadlockDetected):
        return Busy(detail=f"lock not granted: {cause}")
    return None


def _place(key: LockKey) -> tuple[int, int]:
    return _rank[key.kind], key.id


def _statement(wanted: list[LockKey]) -> tuple[str, list[int]]:
    """Return one statement, and its parameters: time-out on, then the rows, kind after kind."""
    by_kind: dict[str, list[int]] = {}
    for key in wanted:
        by_kind.setdefault(key.kind, []).append(int(key.id))
    parts, params = [], []
    for kind, ids in by_kind.items():
        if len(ids) > _MOST_SPELLED_OUT:
            marks = ", ".join(map(str, ids))
        else:
            marks = ", ".join(["%s"] * len(ids))
            params += ids
        parts.append(
            f"SELECT id FROM (SELECT mine.id FROM patience, {_tables[kind]} AS mine"  # noqa: S608 - ints
            f" WHERE mine.id IN ({marks}) ORDER BY mine.id FOR NO KEY UPDATE OF mine) AS part"
        )
    # PostgreSQL appends: it asks a part for rows when the part before it has no more.
    return f"WITH patience AS MATERIALIZED ({patience()}) {' UNION ALL '.join(parts)}", params


def _connection() -> BaseDatabaseWrapper:
    """Return this thread's connection: Django's name for it looks it up at each attribute."""
    return connections[DEFAULT_DB_ALIAS]


def _acting(real: BaseDatabaseWrapper) -> bool:
    return any(not getattr(b, "_from_testcase", False) for b in real.atomic_blocks)


def _root(real: BaseDatabaseWrapper | None = None) -> str | None:
    """Return what tells this action's transaction from others on the same connection.

    None outside tests. In a test that wraps all its actions in one transaction it is the
    savepoint of the outermost action, so that locks of the action before are not ours.
    """
    real = real or _connection()
    frames = sum(1 for b in real.atomic_blocks if getattr(b, "_from_testcase", False))
    inner = real.savepoint_ids[frames - 1 : frames] if frames else []
    return inner[0] if inner else None


def _held() -> set[LockKey]:
    return _filed(_Taken)


def _filed(kind: type[_Taken]) -> set[LockKey]:
    real = _connection()
    if not _acting(real):
        return set()
    root = _root(real)
    return {
        key
        for _, hook, *_ in real.run_on_commit
        if type(hook) is kind and hook.root == root
        for key in hook.keys
    }


atomic = transaction.atomic
