"""Code is not set onto a schema that is newer than itself."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from banyan import __version__
from banyan.ops import prepare
from banyan.ops.assets import note_collected, static_inputs_seal
from banyan.ops.environment import SetupError
from banyan.ops.postgres import EmbeddedPostgres, TemporaryPostgres
from banyan.ops.schema import known_elsewhere, known_migrations, unknown
from tests.support.clusters import put_cluster


@pytest.mark.django_db
def test_a_database_that_this_code_migrated_is_known() -> None:
    applied = MigrationRecorder(connection).applied_migrations()

    assert unknown(applied, known_migrations()) == ""
    assert known_elsewhere() == known_migrations()


@pytest.mark.django_db
def test_a_database_of_a_newer_version_is_left_alone() -> None:
    MigrationRecorder(connection).record_applied("orders", "0999_from_tomorrow")

    with pytest.raises(SetupError, match=r"orders\.0999_from_tomorrow") as told:
        prepare.migrate()

    assert f"version {__version__}" in str(told.value)


def test_run_and_setup_end_with_a_word_and_change_nothing() -> None:
    temporary = TemporaryPostgres()
    var = temporary.home / "var"
    with EmbeddedPostgres(put_cluster(var / "postgres")) as server:
        server.ensure_database()
        with psycopg.connect(server.dsn()) as session:
            session.execute(
                "CREATE TABLE django_migrations (id bigint PRIMARY KEY, app varchar(255),"
                " name varchar(255), applied timestamptz)"
            )
            session.execute(
                "INSERT INTO django_migrations VALUES (1, 'wings', '0001_initial', now())"
            )
        environment = {**os.environ, "BANYAN_VAR": str(var), "DATABASE_URL": server.dsn()}
        (var / "static").mkdir()
        note_collected(var / "static", static_inputs_seal())  # they take their time

        done = subprocess.run(
            [sys.executable, "-m", "banyan.ops.prepare", "--serve"],
            env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

        assert done.returncode == 1
        assert "does not know wings.0001_initial." in done.stderr
        assert "Traceback" not in done.stderr
        with psycopg.connect(server.dsn()) as session:
            tables = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            assert tables.fetchall() == [("django_migrations",)]
        assert not (var / "prepared.json").exists()
    temporary.stop()


def test_a_long_list_is_cut_short() -> None:
    applied = [("orders", f"0{number}_more") for number in range(901, 909)]

    assert unknown(applied, set()) == (
        "orders.0901_more, orders.0902_more, orders.0903_more, orders.0904_more,"
        " orders.0905_more, and 3 more"
    )
