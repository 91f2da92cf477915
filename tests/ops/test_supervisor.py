"""One command runs everything, mends what dies, and leaves nothing behind however it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from banyan.config.processor import shared_out
from banyan.ops.binaries import PostgresError
from banyan.ops.children import LONGEST_DELAY, STEADY_AFTER, next_delay
from banyan.ops.environment import SetupError, Surroundings, kept_secret, taken_ports
from banyan.ops.postgres import EmbeddedPostgres, TemporaryPostgres
from banyan.ops.predecessor import RUN_MARK
from banyan.ops.processes import ProcessIdentity, processes_with, wait_until
from banyan.ops.supervisor import recipes
from tests.support.clusters import put_cluster
from tests.support.ports import free_port

# A supervisor over small processes: a web server with a descendant of its own that clings to
# life, and a silent worker.
SCRIPT = """
import sys
from banyan.ops.children import Recipe
from banyan.ops.environment import Surroundings
from banyan.ops.supervisor import Supervisor

CLINGING = "import signal as s, time; [s.signal(n, s.SIG_IGN) for n in (1, 2, 15)]; time.sleep(999)"
WEB = f'''
import os, subprocess, sys
from http.server import HTTPServer, SimpleHTTPRequestHandler
subprocess.Popen([sys.executable, "-c", {CLINGING!r}])
print("serving as", os.getpid())
port = int(os.environ["BANYAN_PORT"])
HTTPServer(("127.0.0.1", port), SimpleHTTPRequestHandler).serve_forever()
'''
WORKER = "import os, time; print('working as', os.getpid()); time.sleep(999)"

def make(surroundings, environment):
    return [Recipe(name=n, command=[sys.executable, "-c", c], environment=environment)
            for n, c in (("web", WEB), ("worker", WORKER))]

sys.exit(Supervisor(Surroundings.read(), show_qr=False, make_recipes=make,
                    preparation=("-c", sys.argv[1])).run())
"""


class Run:
    """A supervisor in a process of its own, with its output so far."""

    def __init__(self, var: Path, port: int, *, preparation: str = "pass") -> None:
        environment = {**os.environ, "BANYAN_VAR": str(var), "BANYAN_PORT": str(port)}
        environment.pop("DATABASE_URL", None)
        self.var = var
        self.text = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, preparation],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line

    def shows(self, text: str, *, times: int = 1, timeout: float = 40) -> bool:
        return wait_until(
            lambda: self.text.count(text) >= times or self.process.poll() is not None,
            timeout=timeout,
        ) and (self.text.count(text) >= times)

    def pid_of(self, name: str) -> int:
        noted = json.loads((self.var / "run" / "run.json").read_text())
        return int(noted["children"][name]["pid"])

    def members(self) -> list[ProcessIdentity]:
        noted = json.loads((self.var / "run" / "run.json").read_text())
        return processes_with(RUN_MARK, noted["mark"])

    def end(self, signum: int = signal.SIGINT) -> int:
        self.process.send_signal(signum)
        code = self.process.wait(30)
        self._reader.join(5)
        return code


@pytest.fixture
def var() -> Iterator[Path]:
    """Where an installation may live: every user may enter it."""
    temporary = TemporaryPostgres()
    yield temporary.home / "var"
    temporary.stop()


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def run(var: Path, port: int) -> Iterator[Run]:
    put_cluster(var / "postgres")
    run = Run(var, port)
    yield run
    if run.process.poll() is None:
        run.end(signal.SIGTERM)


def test_ctrl_c_stops_everything_and_leaves_no_process_lock_or_socket(run: Run) -> None:
    assert run.shows("Banyan is ready"), run.text
    members = run.members()
    assert len(members) >= 3  # web, its descendant, worker

    assert run.end(signal.SIGINT) == 0

    assert not [member for member in members if member.is_alive()]
    assert "web     │ serving as" in run.text
    assert "worker  │ working as" in run.text
    assert sorted(path.name for path in run.var.iterdir()) == [
        "postgres",
        "postgres.log",
        "run",
        "secrets",
    ]
    assert list((run.var / "run").iterdir()) == []


def test_a_killed_process_comes_back_and_its_descendants_go(run: Run) -> None:
    assert run.shows("Banyan is ready"), run.text
    before = {member.pid for member in run.members()}

    os.kill(run.pid_of("web"), signal.SIGKILL)

    assert run.shows("serving as", times=2), run.text
    assert "web ended (SIGKILL)" in run.text
    assert len(run.members()) == len(before)


def test_a_killed_database_comes_back(run: Run) -> None:
    assert run.shows("Banyan is ready"), run.text
    server = EmbeddedPostgres(run.var / "postgres").attach()

    os.kill(server.pid or 0, signal.SIGKILL)

    assert run.shows("The database ended"), run.text
    server = EmbeddedPostgres(run.var / "postgres").start_or_attach()
    with psycopg.connect(server.dsn()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_the_database_leaves_the_web_process_its_processor(run: Run) -> None:
    """Also one that came back; where there is only one processor it is everybody's."""
    assert run.shows("Banyan is ready"), run.text
    others = (shared_out(web_processes=1) or (0, os.sched_getaffinity(0)))[1]
    assert _affinity(run.var) == others

    server = EmbeddedPostgres(run.var / "postgres").attach()
    os.kill(server.pid or 0, signal.SIGKILL)

    assert run.shows("The database ended"), run.text
    assert wait_until(lambda: _affinity(run.var) == others, timeout=20)


def _affinity(var: Path) -> set[int]:
    try:
        server = EmbeddedPostgres(var / "postgres").attach()
        with psycopg.connect(server.dsn()) as connection:
            return os.sched_getaffinity(connection.info.backend_pid)
    except (PostgresError, psycopg.OperationalError):  # it is not there yet
        return set()


def test_the_next_run_recovers_from_a_killed_one(run: Run, port: int) -> None:
    assert run.shows("Banyan is ready"), run.text
    orphans = run.members()

    run.end(signal.SIGKILL)
    assert any(orphan.is_alive() for orphan in orphans)  # the clinging one hears no signal
    heir = Run(run.var, port)

    assert heir.shows("Banyan is ready"), heir.text
    assert "of a run that was killed" in heir.text
    assert not [orphan for orphan in orphans if orphan.is_alive()]
    assert heir.end() == 0


def test_a_second_run_is_refused_by_name_and_the_first_goes_on(run: Run, port: int) -> None:
    assert run.shows("Banyan is ready"), run.text

    second = Run(run.var, free_port())
    second.process.wait(30)

    assert "already runs" in second.text
    assert run.process.poll() is None
    assert run.end() == 0


def test_a_taken_port_is_named_before_anything_starts(var: Path) -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        late = Run(var, squatter.getsockname()[1])
        assert late.process.wait(30) == 1
        late._reader.join(5)

    assert "Set BANYAN_PORT" in late.text
    assert not (var / "postgres").exists()


def test_a_failed_preparation_ends_the_run_and_the_database(var: Path, port: int) -> None:
    failed = Run(var, port, preparation="raise SystemExit(3)")
    assert failed.process.wait(40) == 1
    failed._reader.join(5)
    assert "exit code 3" in failed.text
    assert not (var / "postgres" / "postmaster.pid").exists()


def test_ctrl_c_while_preparing_stops_at_once(var: Path, port: int) -> None:
    slow = Run(var, port, preparation="print('preparing', flush=True); import time; time.sleep(99)")
    assert slow.shows("preparing"), slow.text
    assert slow.end(signal.SIGINT) == 0
    assert not (var / "postgres" / "postmaster.pid").exists()
    assert not processes_with("BANYAN_VAR", str(var))


def test_pauses_between_restarts_grow_to_a_limit_and_are_forgotten() -> None:
    delay, delays = 0.0, []
    for _ in range(9):
        delay = next_delay(delay, lived=1)
        delays.append(delay)
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, LONGEST_DELAY, LONGEST_DELAY]
    assert next_delay(delay, lived=STEADY_AFTER) == 0.5


def test_production_runs_no_sandbox_and_makes_no_secrets(tmp_path: Path) -> None:
    surroundings = Surroundings.read({"BANYAN_ENV": "production", "BANYAN_VAR": str(tmp_path)})
    environment = surroundings.child_environment(database_url="postgresql:///x")
    assert [recipe.name for recipe in recipes(surroundings, environment)] == [
        "web",
        "live",
        "worker",
    ]
    assert not surroundings.demo
    assert not (tmp_path / "secrets").exists()


def test_children_are_told_the_database_the_ports_and_a_lasting_secret(tmp_path: Path) -> None:
    surroundings = Surroundings.read({"BANYAN_VAR": str(tmp_path), "BANYAN_PORT": "9100"})

    first = surroundings.child_environment(database_url="postgresql:///x")
    second = surroundings.child_environment(database_url="postgresql:///x")

    assert first["DATABASE_URL"] == "postgresql:///x"
    assert first["BANYAN_LIVE_PORT"] == "9101"
    assert first["SANDBOX_PORT"] == "9102"
    assert len(first["BANYAN_SECRET_KEY"]) >= 50
    assert first["BANYAN_SECRET_KEY"] == second["BANYAN_SECRET_KEY"]
    assert (tmp_path / "secrets" / "banyan_secret_key").stat().st_mode & 0o777 == 0o600


def test_the_first_secret_stays(tmp_path: Path) -> None:
    assert kept_secret(tmp_path / "s", "first") == "first"
    assert kept_secret(tmp_path / "s", "second") == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.parametrize("bad", ["0", "65534", "-1", "eight", "80.5", "８０"])
def test_a_bad_port_is_refused_by_name(bad: str) -> None:
    with pytest.raises(SetupError, match="BANYAN_PORT"):
        Surroundings.read({"BANYAN_PORT": bad})


def test_only_ports_in_use_are_called_taken() -> None:
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        used = squatter.getsockname()[1]
        assert taken_ports("127.0.0.1", {"web": used}) == {"web": used}
    assert taken_ports("127.0.0.1", {"web": used}) == {}
