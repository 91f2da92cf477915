"""Processes by identity: is it alive, is it still the same one, and does it die with its parent.

A pid alone names nobody: the kernel reuses it, and a killed process that nobody has waited for
still answers ``kill(pid, 0)``. Everything here therefore works on (pid, start time) and takes a
zombie for dead.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process for as long as it lives: its pid and the moment it began (opaque text)."""

    pid: int
    started: str

    def is_alive(self) -> bool:
        """Whether this very process still runs (a zombie or a reused pid does not count)."""
        return process_identity(self.pid) == self


def process_identity(pid: int) -> ProcessIdentity | None:
    """The identity behind ``pid``, or None when there is no such process or it is a zombie."""
    if pid <= 0:
        return None
    if sys.platform == "linux":
        fields = _proc_stat(pid)
        if fields is None or fields[0] in {"Z", "X", "x"}:
            return None
        return ProcessIdentity(pid=pid, started=fields[19])
    ps = _ps(pid, "stat=,lstart=")
    if not ps or ps.startswith("Z"):
        return None
    return ProcessIdentity(pid=pid, started=" ".join(ps.split()[1:]))


def process_name(pid: int) -> str:
    """The executable's base name, or an empty string when it cannot be read."""
    if sys.platform == "linux":
        try:
            return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
        except OSError:
            return ""
    return Path(_ps(pid, "comm=")).name


def terminate(
    identities: Iterable[ProcessIdentity], *, grace: float, first: int = signal.SIGTERM
) -> int:
    """Ask processes that are not our children to go; kill who is left after ``grace`` seconds.

    Returns how many had to be killed. Repeatable.
    """
    left = _signal_all(identities, first)
    wait_until(lambda: not any(one.is_alive() for one in left), timeout=grace)
    left = _signal_all(left, signal.SIGKILL)
    wait_until(lambda: not any(one.is_alive() for one in left), timeout=5)
    return len(left)


def _signal_all(identities: Iterable[ProcessIdentity], signum: int) -> list[ProcessIdentity]:
    living = [identity for identity in identities if identity.is_alive()]
    for identity in living:
        with contextlib.suppress(ProcessLookupError):
            os.kill(identity.pid, signum)
    return living


def wait_until(condition: Callable[[], bool], *, timeout: float, interval: float = 0.02) -> bool:
    """Poll ``condition`` until it holds or ``timeout`` seconds have passed; the last answer."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() >= deadline:
            return condition()
        time.sleep(interval)
    return True


def die_with_parent(signum: int) -> Callable[[], None] | None:
    """A ``preexec_fn`` after which the child receives ``signum`` when its parent dies.

    Linux only; None elsewhere. Also None off the main thread, because the kernel watches the
    thread that forked, not the process. Runs after Popen has changed the user, which would
    otherwise clear the setting.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arm() -> None:
        prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signum)

    return arm


def leave_with(parent: int) -> None:
    """Let this process receive SIGTERM when ``parent``, which started it, dies. Linux only.

    For processes that are not started by Popen; call it first thing, with the parent's pid.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _proc_stat(pid: int) -> list[str] | None:
    """Fields of /proc/PID/stat from the state (field 3) on."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may itself hold blanks and parentheses.
    return text.rpartition(")")[2].split()


def _ps(pid: int, columns: str) -> str:
    ps = shutil.which("ps") or "/bin/ps"
    answer = subprocess.run(
        [ps, "-o", columns, "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip()


def processes_with(variable: str, value: str) -> list[ProcessIdentity]:
    """Every other living process whose start-up environment holds ``variable=value``.

    Linux only (an empty list elsewhere); processes of other users are invisible to non-root.
    Names a run's processes beyond doubt, grandchildren included, where a pid cannot.
    """
    wanted = f"{variable}={value}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        if int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                identity = process_identity(int(entry.name))
                if identity is not None:
                    found.append(identity)
    return found
