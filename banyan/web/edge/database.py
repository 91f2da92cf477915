"""The database as the edge uses it: outside of Django's request, so nobody else tidies up."""

from __future__ import annotations

from django.db import connection


def give_back() -> None:
    """Return this thread's connection to the pool, unless a caller's transaction is on it."""
    if not connection.in_atomic_block:
        connection.close()
