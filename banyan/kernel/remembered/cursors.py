"""The cursor that all remembered statements of a connection share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper


def run(sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> CursorWrapper:
    """Run a statement of the caller's own; its rows are fetched before the next one.

    On one cursor for as long as this thread has its connection, which nobody closes: making one
    costs a fifth of a small statement. Django's statement log is written by cursors of its own.
    """
    real = connections[DEFAULT_DB_ALIAS]
    if real.queries_logged:
        cursor = real.cursor()
    else:
        kept: CursorWrapper | None = getattr(real, "_kept_cursor", None)
        if kept is None or kept.cursor.connection is not real.connection:
            kept = real.cursor()
            real._kept_cursor = kept  # type: ignore[attr-defined]  # goes with the thread's connection
        cursor = kept
    cursor.execute(sql, values)
    return cursor
