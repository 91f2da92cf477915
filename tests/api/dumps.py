"""Every row of every table, to show that nothing changed."""

from __future__ import annotations

from django.db import connection

# What a refused request may write: how often one asks, when a token was seen, the key itself.
APART = {"kernel_ratebucket", "kernel_idempotencyrecord", "people_apitoken"}


def rows_of_all_tables() -> dict[str, list[str]]:
    """Return table -> its rows as sorted text, without those in ``APART``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = sorted({name for (name,) in cursor.fetchall()} - APART)
        found = {}
        for name in tables:
            cursor.execute(f'SELECT t::text FROM "{name}" t ORDER BY 1')
            found[name] = [row for (row,) in cursor.fetchall()]
    return found
