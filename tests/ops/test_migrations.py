"""A new migration must not stop the shop: no rewrite, no long lock, on a table that is in use."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parents[2]
SQUAWK = Path(sys.executable).with_name("squawk")
# The first migration of an application meets an empty database.
FIRST = "0001_initial"


def later_migrations() -> list[tuple[str, str]]:
    """Return (application, name) of every migration of ours but the first ones."""
    found = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    return sorted(
        (app, name)
        for (app, name), migration in found.items()
        if type(migration).__module__.startswith("banyan.") and name != FIRST
    )


def judge(sql: str) -> str:
    """Return what the linter has against ``sql``, or nothing."""
    done = subprocess.run(
        [str(SQUAWK), "--config", str(ROOT / ".squawk.toml"), "--reporter", "gcc"],
        input=sql,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout if done.returncode else ""


# Outside a transaction, for the migrations that must not have one.
@pytest.mark.usefixtures("threaded_db")
@pytest.mark.parametrize(("app", "name"), later_migrations())
def test_a_migration_takes_no_long_lock(app: str, name: str) -> None:
    sql = io.StringIO()
    call_command("sqlmigrate", app, name, stdout=sql)

    assert judge(sql.getvalue()) == ""


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("CREATE INDEX late ON orders_order (number);", "require-concurrent-index-creation"),
        ("ALTER TABLE orders_order ALTER COLUMN number TYPE text;", "changing-column-type"),
        ("ALTER TABLE orders_order ADD COLUMN must text NOT NULL;", "adding-required-field"),
    ],
)
def test_the_check_can_fail(sql: str, rule: str) -> None:
    assert rule in judge(sql)


def test_every_application_of_ours_is_looked_at() -> None:
    with_tables = {app for app, _name in MigrationLoader(None).disk_migrations}

    assert {"kernel", "ledger", "orders", "sharing"} <= with_tables
    assert ("kernel", "0002_ticket_sequences") in later_migrations()
    assert connection.vendor == "postgresql"
