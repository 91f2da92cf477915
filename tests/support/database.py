"""Emptying the database after a test that committed."""

from __future__ import annotations

from django.db import connection

from banyan.ledger.actions import forget_accounts

KEEP = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
}


def wipe() -> None:
    """Delete the rows of every non-empty table and put the system rows back."""
    forget_accounts()
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall() if name not in KEEP]
        checks = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM \"{name}\")" for name in tables
        )
        cursor.execute(checks)
        filled = [name for (name,) in cursor.fetchall()]
        if filled:
            names = ", ".join(f'"{name}"' for name in filled)
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(f"TRUNCATE {names} CASCADE")
            cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute(
            "INSERT INTO kernel_relaystate (id, last_position) VALUES (1, 0)"
            " ON CONFLICT (id) DO UPDATE SET last_position = 0"
        )
