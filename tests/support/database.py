"""Emptying the database after a test that committed."""

from __future__ import annotations

from django.db import connection, transaction

from banyan.ledger.actions import forget_accounts
from tests.support.serving import settle

KEEP = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
}


def wipe() -> None:
    """Delete the rows of every non-empty table and put the system rows back.

    Waits for whoever is served, and for whoever writes. ``TRUNCATE`` would wait too, and make each
    table anew with each of its indexes, and every table that refers to it: hundreds of files for
    a handful of rows.
    """
    settle()
    forget_accounts()
    with transaction.atomic(), connection.cursor() as cursor:
        # A file that was never written holds no row.
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " AND relkind = 'r' AND pg_relation_size(oid) > 0 AND relname <> ALL(%s)",
            [list(KEEP)],
        )
        checks = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for (name,) in cursor
        )
        cursor.execute(checks)
        filled = [f'"{name}"' for (name,) in cursor.fetchall()]
        if filled:
            cursor.execute(f"LOCK TABLE {', '.join(filled)} IN EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")
        cursor.execute("INSERT INTO kernel_relaystate (id, last_position) VALUES (1, 0)")
