"""A whole installation, started as ``make run`` starts it, in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from banyan.config.processor import NAME, shared_out

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 400.0
# Of /proc/PID/stat behind the name: user and system time, its own and that of children that ended.
_OWN, _OF_ENDED = (11, 12), (13, 14)
OURS = ("web", "live", "worker", "sandbox", "supervisor")


class Installation:
    """One run of ``banyan run``: its address, its processes, what they use."""

    def __init__(self, var: Path) -> None:
        """Name the folder; ports are picked now."""
        self.var = var
        self.port = _three_free_ports()
        self.origin = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; return the seconds until the front page was there, whole."""
        began = time.perf_counter()
        log = (self.var.parent / "run.log").open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from banyan.ops.cli import main; main()", "run", "--no-qr"],
            env=self._environment(), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        while time.perf_counter() - began < PATIENCE:
            with contextlib.suppress(OSError), urllib.request.urlopen(self.origin, timeout=30) as a:
                if a.status == 200 and b"</html>" in a.read():
                    return time.perf_counter() - began
            if self._process.poll() is not None:
                break
            time.sleep(0.05)
        text = (self.var.parent / "run.log").read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"the installation did not start:\n{text[-2000:]}")

    def stop(self) -> None:
        """Stop it as Ctrl-C does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(60)

    def processes(self) -> dict[int, str]:
        """Return every process of the installation by what it is."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if kind := self._kind(folder, command):
                    found[int(folder.name)] = kind
        return found

    def _kind(self, folder: Path, command: str) -> str:
        if command.startswith("postgres") or "/postgres " in command:
            cwd = os.readlink(folder / "cwd")
            return "postgres" if cwd == str(self.var / "postgres") else ""
        if self._process is not None and folder.name == str(self._process.pid):
            return "supervisor"
        if f"BANYAN_VAR={self.var}\0".encode() not in (folder / "environ").read_bytes():
            return ""
        marks = {
            "banyan.config.wsgi": "web",
            "banyan.web.live": "live",
            "banyan.ops.worker": "worker",
            "-m sandbox": "sandbox",
        }
        return next((kind for mark, kind in marks.items() if mark in command), "other")

    def cpu(self) -> dict[str, float]:
        """Return the seconds of processor time used so far, by kind of process."""
        return self._ticks(_OWN)

    def cpu_with_ended(self) -> float:
        """Return the seconds of processor time used since the start, also by processes that have
        ended: whoever waited for them carries their time."""
        return sum(self._ticks(_OWN + _OF_ENDED).values())

    def _ticks(self, columns: tuple[int, ...]) -> dict[str, float]:
        tick = os.sysconf("SC_CLK_TCK")
        used: dict[str, float] = {}
        for pid, kind in self.processes().items():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
                fields = stat.rsplit(")", 1)[1].split()
                used[kind] = used.get(kind, 0.0) + sum(int(fields[one]) for one in columns) / tick
        return used

    def memory(self) -> dict[str, float]:
        """Return the proportional set size in MB, by kind of process."""
        used: dict[str, float] = {}
        for pid, kind in self.processes().items():
            with contextlib.suppress(OSError):
                rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
                pss = next(line for line in rollup.splitlines() if line.startswith("Pss:"))
                used[kind] = used.get(kind, 0.0) + int(pss.split()[1]) / 1024
        return used

    def environment(self) -> dict[str, str]:
        """Return what a process of this installation finds in its environment."""
        for pid, kind in self.processes().items():
            if kind == "web":
                pairs = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                return dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        raise RuntimeError("the web process is gone")

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "BANYAN_VAR": str(self.var),
            "BANYAN_PORT": str(self.port),
            "BANYAN_HOST": "127.0.0.1",
            "BANYAN_EDGE_RATE": "1000000000",  # one address asks for everybody here
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }


def places_of_a_run() -> tuple[dict[str, str], set[int]]:
    """Return what ``banyan run`` tells its web process of its processor, and the database's."""
    places = shared_out(web_processes=1)
    if places is None or os.environ.get("BANYAN_OWN_PROCESSOR") == "0":
        return {}, set()
    return {NAME: str(places[0])}, places[1]


def free_port() -> int:
    """Return a port that nobody listens to just now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


def _three_free_ports() -> int:
    for port in range(18_000, 19_000, 3):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for one in range(port, port + 3):
                stack.enter_context(socket.create_server(("127.0.0.1", one)))
            return port
    raise RuntimeError("no three free ports in a row")
