"""The command line finds the database by itself and says what it lacks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from banyan.config.session import SESSION_NAME
from banyan.ops import cli, database
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
    query = (
        "from django.db import connection as c; from banyan.config.session import SESSION_NAME; "
        "k = c.cursor(); k.execute('SHOW application_name'); "
        "print(k.fetchone() == (SESSION_NAME,))"
    )
    answer = banyan(var, "manage", "shell", "-v0", "-c", query)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "True", "its sessions are known by their name"
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


@pytest.mark.parametrize(
    ("name", "told"), [(SESSION_NAME, False), ("psql", True)], ids=["own", "psql"]
)
def test_a_temporary_database_waits_for_every_session_and_tells_of_others(
    var: Path,
    name: str,
    told: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One of its own that the server has not seen the end of is nobody to tell of."""
    put_cluster(var / "postgres")
    here = Surroundings.read({"BANYAN_VAR": str(var)})
    guests = database._guests
    answers: list[object] = []

    def look(server: EmbeddedPostgres) -> set[str]:
        found = guests(server)
        if not guest.closed:
            # The block has ended: the guest's work must still succeed now.
            answers.append(guest.execute("SELECT 1").fetchone())
            guest.close()
        return found

    monkeypatch.setattr(database, "_guests", look)
    with database_for(here) as address:
        guest = psycopg.connect(address, autocommit=True, application_name=name)

    assert answers == [(1,)]
    assert ("Waiting for other commands" in capsys.readouterr().err) is told


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
