"""A whole installation of its own: database with fsync on, web, live, worker, gateway, supervisor.

What ``banyan run`` starts, with a small shop instead of the demo. Tests may kill any part of it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from banyan.ops.postgres import EmbeddedPostgres, TemporaryPostgres
from banyan.ops.predecessor import RUN_MARK
from banyan.ops.processes import ProcessIdentity, die_with_parent, processes_with, wait_until

ROOT = Path(__file__).resolve().parents[2]
STOCK = 100_000
RATE_BPS = 1_000

_RUN = """
import sys
from banyan.ops.environment import Surroundings
from banyan.ops.supervisor import Supervisor
sys.exit(Supervisor(Surroundings.read(), show_qr=False, preparation=("-c", sys.argv[1])).run())
"""

# Static files keep their plain names: compressing them takes longer than everything else, and no
# client here loads them.
_PREPARE = """
import json, os, pathlib
import django
django.setup()
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
var = pathlib.Path(os.environ["BANYAN_VAR"])
if not (var / "scene.json").exists():
    (var / "static").mkdir(exist_ok=True)
    names = {name: name for finder in get_finders() for name, _ in finder.list([])}
    manifest = {"paths": names, "version": "1.1", "hash": ""}
    (var / "static" / "staticfiles.json").write_text(json.dumps(manifest))
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    from tests.support.installation import furnish
    (var / "scene.json").write_text(json.dumps(furnish()))
"""


def furnish() -> dict[str, str]:
    """Make a shop with a shared product on plenty of stock; return the share link's code."""
    from banyan.earnings import actions as earnings
    from banyan.sharing import actions as sharing
    from tests.support import factories as make

    shop = make.shop()
    item = make.variant(shop, price=4_200, stock=STOCK)
    earnings.set_plan(actor=make.actor(shop.owner), shop_id=shop.pk, rate_bps=RATE_BPS)
    ana, ben = make.member("ana"), make.member("ben")
    first = sharing.share(
        actor=make.actor(ana), target_kind="product", target_id=item.product_id, via=None
    )
    second = sharing.share(
        actor=make.actor(ben), target_kind="product", target_id=item.product_id, via=first
    )
    return {"code": second.code, "variant": str(item.pk)}


class Installation:
    """One folder and one run of everything on it; ``start`` again after the run was killed."""

    def __init__(self, home: TemporaryPostgres, port: int) -> None:
        self.var = home.home / "var"
        self.port = port
        self.text = ""

    @property
    def environment(self) -> dict[str, str]:
        """What an operator would have set."""
        ours = ("BANYAN_", "DJANGO_", "DATABASE_", "SANDBOX_", "PYTEST_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return kept | {
            "PYTHONPATH": str(ROOT),
            "BANYAN_VAR": str(self.var),
            "BANYAN_HOST": "127.0.0.1",
            "BANYAN_PORT": str(self.port),
            "BANYAN_DEMO": "0",
            "BANYAN_EDGE_RATE": "100000",
        }

    def start(self) -> None:
        """Run everything and wait until pages are served and the gateway listens."""
        before = self.text.count("Banyan is ready")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _RUN, _PREPARE],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.until(lambda: self.text.count("Banyan is ready") > before, seconds=180)

    def start_again(self) -> None:
        """Start unless it runs."""
        if self.process.poll() is not None:
            self.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.text += line

    def stop(self) -> None:
        """End the run in order, unless it is dead already."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        self._reader.join(5)

    def until(self, fact: Callable[[], bool], *, seconds: float) -> None:
        """Wait until something holds; fail with the run's output when it does not come true."""
        end = time.monotonic() + seconds
        while not fact():
            assert self.process.poll() is None, self.text[-4000:]
            assert time.monotonic() < end, self.text[-4000:]
            time.sleep(0.1)

    @property
    def code(self) -> str:
        """The share link everybody comes through."""
        return str(json.loads((self.var / "scene.json").read_text())["code"])

    def connect(self) -> psycopg.Connection[Any]:
        """Return a connection to its database, for the recount."""
        server = EmbeddedPostgres(self.var / "postgres").attach()
        return psycopg.connect(server.dsn(), autocommit=True)

    def ledger_verify(self) -> subprocess.CompletedProcess[str]:
        """Run ``banyan ledger verify`` as an operator would."""
        command = "import sys; from banyan.ops.cli import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", command, "ledger", "verify"],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    # -- killing ------------------------------------------------------------------------------

    def pid_of(self, name: str) -> int:
        """Return the process that is called ``name``; see VICTIMS."""
        if name == "supervisor":
            return self.process.pid
        if name == "postmaster":
            return EmbeddedPostgres(self.var / "postgres").attach().pid or 0
        if name == "backend":
            with self.connect() as connection:
                row = connection.execute(
                    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                    " AND pid <> pg_backend_pid() ORDER BY state = 'active' DESC, random() LIMIT 1"
                ).fetchone()
            return int(row[0]) if row else 0
        if name == "web child":
            return self._child_of(self.pid_of("web"))
        noted = json.loads((self.var / "run" / "run.json").read_text())
        return int(noted["children"][name]["pid"])

    def _child_of(self, parent: int) -> int:
        for member in self.members():
            stat = Path(f"/proc/{member.pid}/stat").read_text().rpartition(")")[2].split()
            if int(stat[1]) == parent:
                return member.pid
        raise AssertionError(f"{parent} has no child")

    def members(self) -> list[ProcessIdentity]:
        """Return every process of the run."""
        noted = json.loads((self.var / "run" / "run.json").read_text())
        return processes_with(RUN_MARK, noted["mark"])

    def kill(self, name: str) -> None:
        """kill -9 one process; the supervisor is started again, all others are its business."""
        wait_until(lambda: self._can_be_killed(name), timeout=60)
        os.kill(self.pid_of(name), signal.SIGKILL)
        if name == "supervisor":
            self.process.wait(10)
            self._reader.join(10)
            self.start()

    def _can_be_killed(self, name: str) -> bool:
        try:
            return self.pid_of(name) > 0
        except Exception:
            return False


VICTIMS = (
    "web",
    "web child",
    "worker",
    "live",
    "sandbox",
    "backend",
    "postmaster",
    "supervisor",
)
