"""Indexes that are given up: what migrations of several packages do about them."""

from django.db.migrations import RunSQL


def drop_index(name: str, on: str) -> RunSQL:
    """Return the operation that drops an index; ``on`` says how to make it again.

    Outside a transaction, so that the table stays in use: the migration is not atomic. Altering
    the field itself would make its foreign key anew, and read the whole table for that.
    """
    return RunSQL(
        f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
        f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON {on}',
    )
