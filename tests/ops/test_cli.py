"""The command line finds the database by itself and says what it lacks."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from banyan.ops import cli
from banyan.ops.database import database_for
from banyan.ops.environment import Surroundings
from banyan.ops.postgres import EmbeddedPostgres, TemporaryPostgres
from tests.support.clusters import put_cluster

PROGRAM = "from banyan.ops.cli import main; raise SystemExit(main())"


@pytest.fixture
def var() -> Iterator[Path]:
    """Where an installation may live: every user may enter it."""
    temporary = TemporaryPostgres()
    yield temporary.home / "var"
    temporary.stop()


def banyan(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "BANYAN_VAR": str(var)}
    for name in ("DATABASE_URL", "BANYAN_ENV"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_a_command_starts_the_database_for_itself_and_stops_it(var: Path) -> None:
    answer = banyan(var, "db", "address")

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("postgresql://banyan@/banyan?host=")
    assert not (var / "postgres" / "postmaster.pid").exists()


def test_a_command_uses_the_database_that_runs_already(var: Path) -> None:
    with EmbeddedPostgres(put_cluster(var / "postgres")) as server:
        answer = banyan(var, "db", "address")
        assert answer.stdout.strip() == server.dsn()
        assert server.is_running()


def test_a_management_command_ends_its_own_pooled_sessions(var: Path) -> None:
    """Otherwise the command would wait for itself before it stops the database."""
    put_cluster(var / "postgres")
    query = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT 42'); "
    answer = banyan(var, "manage", "shell", "-v0", "-c", query + "print(k.fetchone())")

    assert answer.returncode == 0, answer.stderr
    assert "(42,)" in answer.stdout
    assert "Waiting for other commands" not in answer.stderr


def test_a_missing_command_is_named(var: Path) -> None:
    put_cluster(var / "postgres")
    answer = banyan(var, "manage", "dance")
    assert answer.returncode == 2
    assert "no command 'dance'" in answer.stderr


def test_a_named_database_is_used_as_it_is(var: Path) -> None:
    named = Surroundings.read(
        {"BANYAN_VAR": str(var), "DATABASE_URL": "postgresql://db.example/banyan"}
    )
    with database_for(named) as address:
        assert address == "postgresql://db.example/banyan"
    assert not var.exists()


def test_a_temporary_database_waits_for_others_that_joined(var: Path) -> None:
    put_cluster(var / "postgres")
    here = Surroundings.read({"BANYAN_VAR": str(var)})
    answers: list[object] = []

    def finish(guest: psycopg.Connection) -> None:
        answers.append(guest.execute("SELECT 1").fetchone())
        guest.close()

    with database_for(here) as address:
        guest = psycopg.connect(address, autocommit=True)
        # Fires only after the block has ended: the guest's work must still succeed then.
        timer = threading.Timer(0.7, finish, [guest])
        timer.start()
    timer.join()

    assert answers == [(1,)]


def test_help_and_version_need_no_database(var: Path) -> None:
    for arguments, words in (("--help", "banyan run"), ("--version", "banyan 0.")):
        answer = banyan(var, arguments)
        assert answer.returncode == 0
        assert words in answer.stdout
    assert not var.exists()


def test_an_unknown_word_is_refused(var: Path) -> None:
    answer = banyan(var, "dance")
    assert answer.returncode == 2
    assert "dance" in answer.stderr


def test_a_folder_that_cannot_be_used_is_reported_without_a_traceback(var: Path) -> None:
    (var / "postgres").mkdir(parents=True)
    (var / "postgres" / "diary.txt").write_text("mine")
    answer = banyan(var, "db", "address")
    assert answer.returncode == 1
    assert "BANYAN_VAR" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_every_delegate_has_words_of_its_own() -> None:
    words = list(cli.DELEGATES)
    for one in words:
        assert not [other for other in words if other != one and other[: len(one)] == one]
