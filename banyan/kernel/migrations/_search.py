"""The index on the standing of search words: what migrations of several packages do about it."""

from django.db.migrations import RunSQL


def alone(table: str) -> RunSQL:
    """Return the operation by which one process reads a table of words.

    Every search is bounded: a second process takes longer to start than it would help.
    """
    return RunSQL(
        f'ALTER TABLE "{table}" SET (parallel_workers = 0)',
        f'ALTER TABLE "{table}" RESET (parallel_workers)',
    )


def index_standing(name: str, table: str, owner: str) -> RunSQL:
    """Return the operation that builds it beside the table in use: the migration is not atomic.

    The expression is that of ``kernel.search.standing_sql``.
    """
    standing = f"(({owner} >> 22) + boost * 86400000::bigint)"
    return RunSQL(
        f'CREATE INDEX CONCURRENTLY IF NOT EXISTS "{name}" ON "{table}" ({standing}, {owner})',
        f'DROP INDEX CONCURRENTLY IF EXISTS "{name}"',
    )
