"""The database that every worker's own is copied from: migrated once for a schema.

What the migrations made is kept as a dump beside pytest's own notes: until a migration or a package
changes, the next run loads it in a tenth of the time. A clean checkout always migrates.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from banyan.ops.assets import schema_inputs_seal
from banyan.ops.binaries import find_binaries

KEPT = Path(__file__).parents[2] / ".pytest_cache"
_STEM = "banyan_template_"
_ALL_WORKERS = 7_301_442


def make_test_database() -> None:
    """Make this worker's database and let Django use it; one that a former run left is replaced."""
    known = connection.settings_dict
    name = known["TEST"]["NAME"] or f"test_{known['NAME']}"  # with the worker's own ending
    with _alone() as server:
        template = _template(server)
        server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        _create(server, name, template)
    _use(name)


def load_schema(address: str) -> bool:
    """Bring the kept schema into an empty database of our role; say whether one was kept."""
    kept = _kept()
    if not kept.exists():
        return False
    load = ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction"]
    _program(*load, "--dbname", address, "--file", str(kept))
    return True


def _template_name() -> str:
    return _STEM + schema_inputs_seal()[:16]


def _template(server: psycopg.Connection) -> str:
    """Return the name of the database with this code's schema; the first who asks makes it."""
    name = _template_name()
    found = server.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [_STEM]
    )
    known = {each for (each,) in found}
    if name in known:
        return name
    for each in known:
        server.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(each)))
    draft = f"{name}_draft"
    server.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(draft)))
    _create(server, draft, "template1")
    address = make_conninfo(os.environ["BANYAN_TEST_DATABASE_URL"], dbname=draft)
    if not load_schema(address):
        _migrate(draft)
        _keep(address)
    server.execute(
        SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(draft), Identifier(name))
    )
    return name


def _kept() -> Path:
    return KEPT / f"{_template_name()}.sql"


def _keep(address: str) -> None:
    """Write the dump, whole or not at all, and let go of those of other schemas."""
    KEPT.mkdir(exist_ok=True)
    draft = KEPT / f"{_STEM}{os.getpid()}.draft"
    try:
        _program("pg_dump", "--dbname", address, "--file", str(draft))
    except subprocess.CalledProcessError:  # a server that is newer than our programs
        draft.unlink(missing_ok=True)
        return
    for former in KEPT.glob(f"{_STEM}*.sql"):
        former.unlink(missing_ok=True)
    draft.rename(_kept())


def _program(name: str, *arguments: str) -> None:
    subprocess.run([str(find_binaries() / name), *arguments], check=True, stdout=subprocess.DEVNULL)


def _migrate(name: str) -> None:
    from django.core.management import call_command

    _use(name)
    call_command("migrate", interactive=False, verbosity=0)
    connection.close()


def _create(server: psycopg.Connection, name: str, template: str) -> None:
    statement = SQL("CREATE DATABASE {} TEMPLATE {}")
    server.execute(statement.format(Identifier(name), Identifier(template)))


def _use(name: str) -> None:
    connection.close()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name


@contextmanager
def _alone() -> Iterator[psycopg.Connection]:
    """Connect to the server while no other worker does."""
    with psycopg.connect(os.environ["BANYAN_TEST_DATABASE_URL"], autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(%s)", [_ALL_WORKERS])
        yield server
