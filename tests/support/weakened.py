"""Protections switched off, for negative controls."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.db import connection, models, transaction

from banyan.kernel import events, locks
from banyan.kernel.locks import LockKey
from banyan.ledger import actions as ledger


def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody lock anything, nor notice that it is not locked."""

    def nothing(*keys: Iterable[LockKey]) -> None: ...

    monkeypatch.setattr(locks, "take", nothing)
    monkeypatch.setattr(locks, "take_reading", lambda kind, row: row.refresh_from_db())
    monkeypatch.setattr(locks, "read_behind", read_at_once)
    for name in ("require", "check_again", "locked_by_statement"):
        monkeypatch.setattr(locks, name, nothing)
    monkeypatch.setattr(ledger, "_require_locked", nothing)


def read_at_once(row: Any, field: str) -> bool:
    """Read a row without waiting for whoever has it locked."""
    found = type(row).objects.filter(**{field: getattr(row, field)}).first()
    if found is not None:
        row.pk = found.pk
        row.refresh_from_db()
    return found is not None


def careless(monkeypatch: pytest.MonkeyPatch, *places: Any) -> None:
    """Let the rows of these modules move wherever they are sent, whoever moved them before."""

    def move(_machine: Any, one: models.Model, to: str, *, actor: Any, **more: Any) -> None:
        more.pop("reason", None)
        told = more.pop("event", None)
        type(one)._base_manager.filter(pk=one.pk).update(state=to, **more)
        for name, value in {"state": to, **more}.items():
            setattr(one, name, value)
        if told is not None:
            events.emit(told, actor=actor)

    def move_all(machine: Any, rows: list[models.Model], to: str, *, actor: Any) -> None:
        for one in rows:
            move(machine, one, to, actor=actor)

    ways = {"transition": move, "transition_telling": move, "transition_all": move_all}
    for place in places:
        for name in ways.keys() & vars(place).keys():
            monkeypatch.setattr(place, name, ways[name])


def slow(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, seconds: float = 0.1) -> None:
    """Wait after a step, so that what another does meanwhile would show; with locks too."""
    step: Callable[..., Any] = getattr(place, name)

    def slowly(*args: Any, **kwargs: Any) -> Any:
        found = step(*args, **kwargs)
        time.sleep(seconds)
        return found

    monkeypatch.setattr(place, name, slowly)


def rendezvous(parties: int) -> Callable[..., None]:
    """Return what lets nobody go on before so many threads have come: the worst moment, always.

    For controls, where nothing keeps the others from getting there. A thread waits once.
    """
    all_there = threading.Barrier(parties)
    met = threading.local()

    def wait(*_args: Any, **_kwargs: Any) -> None:
        if not getattr(met, "once", False):
            met.once = True
            # Broken only where a thread failed before: the test's own assertion says so.
            with contextlib.suppress(threading.BrokenBarrierError):
                all_there.wait(timeout=20)

    return wait


def meet(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, parties: int) -> None:
    """Let nobody go on after a step before so many threads have taken it; see ``rendezvous``."""
    step: Callable[..., Any] = getattr(place, name)
    together = rendezvous(parties)

    def meeting(*args: Any, **kwargs: Any) -> Any:
        found = step(*args, **kwargs)
        together()
        return found

    monkeypatch.setattr(place, name, meeting)


def between(
    monkeypatch: pytest.MonkeyPatch, place: Any, name: str, *, seconds: float = 20.0
) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Stop whoever takes a step first, right after it, until something else is done.

    Returns what makes a call wait for that moment, and let the first go on when it is over. Where
    a lock holds the call up, the first goes on after ``seconds``.
    """
    step: Callable[..., Any] = getattr(place, name)
    first = threading.Lock()
    there, over = threading.Event(), threading.Event()

    def stopping(*args: Any, **kwargs: Any) -> Any:
        found = step(*args, **kwargs)
        if first.acquire(blocking=False):
            there.set()
            over.wait(seconds)
        return found

    def meanwhile(call: Callable[[], Any]) -> Callable[[], Any]:
        def waiting() -> Any:
            assert there.wait(20), "nobody took the step"
            try:
                return call()
            finally:
                over.set()

        return waiting

    monkeypatch.setattr(place, name, stopping)
    return meanwhile


@contextlib.contextmanager
def without_check(table: str, name: str) -> Iterator[None]:
    """Drop a CHECK of the database, and put it back for what comes after."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [name]
        )
        definition = cursor.fetchone()[0]
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")


@contextlib.contextmanager
def without_unique(table: str, name: str) -> Iterator[None]:
    """Drop a unique index, or the constraint it holds up; empty its table before it is put back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef, pg_get_constraintdef(c.oid) FROM pg_indexes"
            " LEFT JOIN pg_constraint c ON conname = indexname WHERE indexname = %s",
            [name],
        )
        index, constraint = cursor.fetchone()
        drop, back = f"DROP INDEX {name}", index
        if constraint:
            drop = f"ALTER TABLE {table} DROP CONSTRAINT {name}"
            back = f"ALTER TABLE {table} ADD CONSTRAINT {name} {constraint}"
        cursor.execute(drop)
    try:
        yield
    finally:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f"DELETE FROM {table}")
            cursor.execute(back)
