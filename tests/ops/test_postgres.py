"""The embedded database starts, stops, survives kills and refuses to be started twice."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from banyan.ops import postgres
from banyan.ops.binaries import (
    PostgresError,
    SystemUser,
    binaries_version,
    find_binaries,
    reachable_binaries,
)
from banyan.ops.filelock import FileLock, LockHeldError
from banyan.ops.postgres import (
    EmbeddedPostgres,
    NotRunningError,
    ServerInUseError,
    TemporaryPostgres,
)
from banyan.ops.processes import process_identity, wait_until
from tests.support.clusters import put_cluster

OWNER = """
import sys, time
from banyan.ops.postgres import EmbeddedPostgres
server = EmbeddedPostgres(sys.argv[1]).start()
server.ensure_database()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder every user may enter: the server may run as somebody else than the tests."""
    temporary = TemporaryPostgres()
    yield temporary.home
    temporary.stop()


@pytest.fixture
def server(place: Path) -> Iterator[EmbeddedPostgres]:
    """A durable server of its own on a fresh cluster."""
    server = EmbeddedPostgres(put_cluster(place / "cluster"))
    server.start()
    server.ensure_database()
    yield server
    server.stop()


def ask(server: EmbeddedPostgres, question: str) -> object:
    """The first value of the first row."""
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def run(server: EmbeddedPostgres, statement: str) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(statement)


def test_a_fresh_directory_becomes_a_server_of_the_promised_kind(place: Path) -> None:
    with EmbeddedPostgres(place / "cluster") as server:
        server.ensure_database()
        assert str(ask(server, "SHOW server_version")).split(".")[0] >= "17"
        assert ask(server, "SELECT datlocprovider FROM pg_database WHERE datname = 'banyan'") == "b"
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert ask(server, "SHOW data_checksums") == "on"
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SELECT lower('ÄÇ')") == "äç"


def test_it_listens_on_nothing_but_a_socket_closed_to_others(server: EmbeddedPostgres) -> None:
    assert ask(server, "SHOW listen_addresses") == ""
    assert server.socket_dir.stat().st_mode & 0o077 == 0


def test_the_role_of_the_application_is_no_superuser(server: EmbeddedPostgres) -> None:
    assert ask(server, "SELECT current_user") == "banyan"
    assert ask(server, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False


def test_settings_of_the_caller_win(place: Path) -> None:
    with EmbeddedPostgres(
        put_cluster(place / "cluster"), settings={"max_connections": "17"}
    ) as server:
        server.ensure_database()
        assert ask(server, "SHOW max_connections") == "17"


def test_stopping_leaves_no_process_lock_or_socket(place: Path) -> None:
    server = EmbeddedPostgres(put_cluster(place / "cluster")).start()
    identity = process_identity(server.pid or 0)
    assert identity is not None

    server.stop()

    assert not identity.is_alive()
    assert not server.is_running()
    assert not server.socket_dir.exists()
    assert sorted(path.name for path in place.iterdir()) == ["cluster", "cluster.log", "owner.lock"]
    server.stop()  # and once more does nothing


def test_a_second_start_is_refused_and_the_first_is_unharmed(server: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(server.data_dir)

    with pytest.raises(ServerInUseError, match=rf"process {os.getpid()}.*BANYAN_VAR"):
        second.start()
    second.stop()

    assert server.is_running()
    assert ask(server, "SELECT 1") == 1


def test_attaching_uses_the_server_of_another_and_never_stops_it(server: EmbeddedPostgres) -> None:
    guest = EmbeddedPostgres(server.data_dir).attach()
    assert guest.pid == server.pid
    assert ask(guest, "SELECT 1") == 1

    guest.stop()

    assert server.is_running()
    assert EmbeddedPostgres(server.data_dir).start_or_attach().pid == server.pid


def test_attaching_to_nothing_says_so(place: Path) -> None:
    with pytest.raises(NotRunningError, match="No database runs"):
        EmbeddedPostgres(place / "cluster").attach()


def test_a_killed_server_starts_again_with_every_committed_row(server: EmbeddedPostgres) -> None:
    run(server, "CREATE TABLE coin (n int)")
    for _ in range(50):
        run(server, "INSERT INTO coin VALUES (1)")

    os.kill(server.pid or 0, signal.SIGKILL)
    assert wait_until(lambda: not server.is_running(), timeout=60)
    server.start()

    assert ask(server, "SELECT count(*) FROM coin") == 50


def test_a_zombie_in_the_pid_file_does_not_block_the_next_owner(server: EmbeddedPostgres) -> None:
    zombie = server.pid or 0
    os.kill(zombie, signal.SIGKILL)
    assert wait_until(lambda: process_identity(zombie) is None, timeout=60)
    os.kill(zombie, 0)  # still answers: nobody has waited for it
    server._lock.release()

    with EmbeddedPostgres(server.data_dir) as heir:
        assert heir.pid != zombie
        assert ask(heir, "SELECT 1") == 1


def test_a_pid_file_that_names_a_stranger_is_stale(place: Path) -> None:
    server = EmbeddedPostgres(put_cluster(place / "cluster"))
    pid_file = server.data_dir / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{server.data_dir}\n1\n5432\n/nowhere\n\n\nready\n")

    with pytest.raises(NotRunningError):
        EmbeddedPostgres(server.data_dir).attach()
    with server:
        assert server.is_running()


def test_a_killed_owner_takes_the_server_along_and_the_next_start_recovers(place: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(put_cluster(place / "cluster"))],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    identity = process_identity(int(owner.stdout.readline()))
    assert identity is not None

    owner.kill()
    owner.wait()
    owner.stdout.close()

    with EmbeddedPostgres(place / "cluster") as heir:
        assert not identity.is_alive()
        assert ask(heir, "SELECT 1") == 1


def test_a_half_made_cluster_is_made_anew(place: Path) -> None:
    half = place / "cluster.new"
    half.mkdir()
    (half / "base").write_text("half")

    server = EmbeddedPostgres(place / "cluster", durable_initdb=False)

    assert server.ensure_initdb() is True
    assert not half.exists()
    assert server.ensure_initdb() is False


def test_a_folder_with_other_files_is_refused_and_kept(place: Path) -> None:
    (place / "cluster").mkdir()
    (place / "cluster" / "diary.txt").write_text("mine")

    with pytest.raises(PostgresError, match="BANYAN_VAR"):
        EmbeddedPostgres(place / "cluster", durable_initdb=False).start()

    assert (place / "cluster" / "diary.txt").read_text() == "mine"
    assert [path.name for path in (place / "cluster").iterdir()] == ["diary.txt"]


def test_a_wrong_setting_is_reported_with_the_words_of_the_server(place: Path) -> None:
    server = EmbeddedPostgres(put_cluster(place / "cluster"), settings={"shared_buffers": "plenty"})
    with pytest.raises(PostgresError, match="shared_buffers"):
        server.start()
    assert not server.is_running()
    assert not (place / "cluster.lock").exists()


def test_a_long_path_gets_a_short_socket_folder(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90) / "postgres"
    server = EmbeddedPostgres(deep)
    assert len(f"{server.socket_dir}/.s.PGSQL.65535") <= 107
    assert server.socket_dir != EmbeddedPostgres(deep.with_name("other")).socket_dir


def test_data_below_a_closed_folder_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = SystemUser(name="nobody", uid=64_999, gid=64_999)
    monkeypatch.setattr(postgres, "server_user", lambda data_dir: stranger)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(PostgresError, match=r"nobody.*cannot enter .*BANYAN_VAR"):
        EmbeddedPostgres(closed / "var" / "postgres").start()

    assert closed.stat().st_mode & 0o777 == 0o700  # nobody's folder was opened for us


def test_programs_below_a_closed_folder_are_copied_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(place))
    home = tmp_path / "closed" / "pg"
    for part in ("bin", "lib", "share"):
        (home / part).mkdir(parents=True)
    program = home / "bin" / "postgres"
    program.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.4'\n")
    program.chmod(0o755)
    (tmp_path / "closed").chmod(0o700)
    stranger = SystemUser(name="stranger", uid=64_999, gid=64_999)

    first = reachable_binaries(home / "bin", stranger)
    second = reachable_binaries(home / "bin", stranger)

    assert first == second != home / "bin"
    assert stranger.may_traverse(first) is None
    assert (first / "postgres").read_text() == program.read_text()
    copy = next(place.glob("banyan-pg-18.4-*"))
    copy.chmod(0o777)
    with pytest.raises(PostgresError, match="remove it"):
        reachable_binaries(home / "bin", stranger)


def test_a_copy_of_the_real_programs_runs_without_the_original(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    """The wheel keeps libraries beside its package; a copy of the programs alone cannot load."""
    monkeypatch.setattr("tempfile.tempdir", str(place))
    bundled = find_binaries()
    package = bundled.parent.parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    for folder in (package.name + ".libs", package.name):
        shutil.copytree(package.with_name(folder), closed / folder, symlinks=True)
    stranger = SystemUser(name="stranger", uid=64_999, gid=64_999)

    copy = reachable_binaries(closed / package.name / bundled.parent.name / "bin", stranger)
    shutil.rmtree(closed)

    assert binaries_version(copy).split(".")[0] == "18"
    monkeypatch.setenv("BANYAN_PG_BIN", str(copy))
    with EmbeddedPostgres(put_cluster(place / "cluster")) as server:
        server.ensure_database()
        assert ask(server, "SELECT 1") == 1


def test_named_programs_win_and_a_wrong_name_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = find_binaries()
    monkeypatch.setenv("BANYAN_PG_BIN", str(bundled))
    assert find_binaries() == bundled.resolve()
    monkeypatch.setenv("BANYAN_PG_BIN", str(tmp_path))
    with pytest.raises(PostgresError, match="no postgres and no initdb"):
        find_binaries()


def test_a_temporary_server_is_fast_and_leaves_nothing() -> None:
    with TemporaryPostgres() as server:
        home = server.home
        assert ask(server, "SHOW fsync") == "off"
        run(server, "SET session_replication_role = replica")
    assert not home.exists()


def test_a_temporary_server_for_crash_tests_is_durable() -> None:
    with TemporaryPostgres(durable=True) as server:
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SHOW synchronous_commit") == "on"


def test_a_lock_is_exclusive_names_its_holder_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    first, second = FileLock(path), FileLock(path)
    first.acquire()
    with pytest.raises(LockHeldError) as refusal:
        second.acquire()
    assert refusal.value.pid == os.getpid()
    first.release()
    assert not path.exists()
    second.acquire()
    assert second.held
    second.release()
