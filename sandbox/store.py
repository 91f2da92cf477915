"""The state file: one SQLite database in WAL mode, one process, one writer at a time.

A commit reaches the operating system before the client reads its answer, so a killed
process forgets nothing that it has told anybody.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sandbox.settings import UnfitSettings

Parameters = Sequence[object] | Mapping[str, object]

SCHEMA = """
CREATE TABLE IF NOT EXISTS key_ring (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS payment (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('open', 'succeeded', 'cancelled')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    return_url TEXT NOT NULL,
    webhook_url TEXT,
    pay_url TEXT NOT NULL,
    description TEXT NOT NULL,
    locale TEXT NOT NULL,
    metadata TEXT NOT NULL,
    captured INTEGER NOT NULL DEFAULT 0 CHECK (captured IN (0, amount)),
    refunded INTEGER NOT NULL DEFAULT 0 CHECK (refunded >= 0),
    refunding INTEGER NOT NULL DEFAULT 0 CHECK (refunding >= 0),
    failed_attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    cancel_reason TEXT,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    succeeded_ms INTEGER,
    cancelled_ms INTEGER,
    CHECK (refunded + refunding <= captured)
);
CREATE INDEX IF NOT EXISTS payment_reference ON payment (reference);
CREATE INDEX IF NOT EXISTS payment_expiry ON payment (expires_ms) WHERE status = 'open';
CREATE INDEX IF NOT EXISTS payment_day ON payment (succeeded_ms) WHERE succeeded_ms IS NOT NULL;

CREATE TABLE IF NOT EXISTS refund (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    payment TEXT NOT NULL REFERENCES payment (id),
    status TEXT NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    reason TEXT NOT NULL,
    will_fail INTEGER NOT NULL,
    failure_code TEXT,
    created_ms INTEGER NOT NULL,
    settle_ms INTEGER NOT NULL,
    settled_ms INTEGER
);
CREATE INDEX IF NOT EXISTS refund_payment ON refund (payment);
CREATE INDEX IF NOT EXISTS refund_reference ON refund (reference);
CREATE INDEX IF NOT EXISTS refund_due ON refund (settle_ms) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS refund_day ON refund (settled_ms) WHERE settled_ms IS NOT NULL;

CREATE TABLE IF NOT EXISTS payout (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('pending', 'paid', 'failed')),
    amount INTEGER NOT NULL CHECK (amount > 0),
    currency TEXT NOT NULL,
    reference TEXT NOT NULL,
    account TEXT NOT NULL,
    webhook_url TEXT,
    failure_code TEXT,
    created_ms INTEGER NOT NULL,
    settle_ms INTEGER NOT NULL,
    settled_ms INTEGER
);
CREATE INDEX IF NOT EXISTS payout_reference ON payout (reference);
CREATE INDEX IF NOT EXISTS payout_due ON payout (settle_ms) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS payout_day ON payout (settled_ms) WHERE settled_ms IS NOT NULL;

CREATE TABLE IF NOT EXISTS event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    webhook_url TEXT,
    body TEXT NOT NULL
);

CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    event INTEGER NOT NULL REFERENCES event (seq),
    url TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dropped', 'given_up')),
    held INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER NOT NULL,
    last_answer TEXT
);
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event);
CREATE INDEX IF NOT EXISTS delivery_pending ON delivery (due_ms) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS delivery_held ON delivery (url) WHERE held = 1 AND state = 'pending';

CREATE TABLE IF NOT EXISTS behaviour (
    scope TEXT PRIMARY KEY,
    webhook_delay_ms INTEGER NOT NULL,
    duplicate INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    reorder INTEGER NOT NULL,
    fail_refunds INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS first_answer (
    key TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) WITHOUT ROWID;
"""


class Transaction:
    """One open transaction: read, change, and queue what may happen once it is stored."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Wrap an open transaction of the store's connection."""
        self._connection = connection
        self.callbacks: list[Callable[[], None]] = []

    def one(self, sql: str, parameters: Parameters = ()) -> sqlite3.Row | None:
        """Return the first row or None."""
        rows = self._connection.execute(sql, parameters).fetchall()
        return rows[0] if rows else None

    def all(self, sql: str, parameters: Parameters = ()) -> list[sqlite3.Row]:
        """Return every row."""
        return self._connection.execute(sql, parameters).fetchall()

    def change(self, sql: str, parameters: Parameters = ()) -> int:
        """Run a writing statement and return the number of rows it changed."""
        return self._connection.execute(sql, parameters).rowcount

    def insert(self, table: str, **values: object) -> int:
        """Insert one row and return its row id. Names come from code, never from a request."""
        marks = ", ".join("?" * len(values))
        names = ", ".join(values)
        cursor = self._connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})",
            tuple(values.values()),
        )
        return cursor.lastrowid or 0

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run ``callback`` after the commit, in commit order; it must not use the store."""
        self.callbacks.append(callback)


class Store:
    """The state file, opened for this process alone."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            UnfitSettings: the file is not ours, cannot be opened, or is in use.
        """
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, isolation_level=None, check_same_thread=False, timeout=2.0
            )
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise UnfitSettings(
                f"The state file {path} cannot be used: {error}. "
                "Is another sandbox running on it? Choose another with --state."
            ) from error

    def _prepare(self) -> None:
        self._connection.row_factory = sqlite3.Row
        execute = self._connection.execute
        # One process only: a second one on the same file would deliver every webhook twice.
        execute("PRAGMA locking_mode = EXCLUSIVE")
        execute("PRAGMA journal_mode = WAL")
        # Without power loss nothing is lost: the kernel has every commit.
        execute("PRAGMA synchronous = NORMAL")
        execute("PRAGMA foreign_keys = ON")
        execute("PRAGMA wal_autocheckpoint = 4000")
        self._connection.executescript(SCHEMA)
        execute("BEGIN IMMEDIATE")
        execute("COMMIT")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run one transaction; an exception undoes it and its callbacks never run."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            work = Transaction(self._connection)
            try:
                yield work
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
            for callback in work.callbacks:
                callback()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Read a consistent state; nothing may be changed."""
        with self._lock:
            yield Transaction(self._connection)

    def close(self) -> None:
        """Fold the write-ahead log into the file and release it."""
        with self._lock:
            self._connection.close()
