"""Share links against a bare server: requests per second with the touch written first.

``python -m bench.edge`` starts a database of its own and three servers (a constant answer, the
edge, the edge with an fsync before every answer), asks each in turn, and prints medians over
short rounds.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from bench.installation import places_of_a_run

CONNECTIONS = 16
ROUNDS = 9
SECONDS = 1.0
THREADS = 6
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.40"
FLOORS = {"edge": 0.5, "edge, fsync each": 0.15}
ROOT = Path(__file__).resolve().parent.parent


CONNECTIONS_OPEN = "1024"


class Report(Protocol):
    """Where the figures go."""

    def row(self, name: str, value: float, unit: str, note: str = "") -> None:
        """Take one figure."""

    def held(self, name: str, value: float, unit: str, ok: bool, bound: str) -> None:
        """Take one figure with the bound it should keep."""


class Sample(NamedTuple):
    """One measurement: requests per second, and percentiles of the answer time in ms."""

    rate: float
    p50: float
    p99: float


def run(report: Report) -> None:
    """Measure and report; takes about a minute."""
    with tempfile.TemporaryDirectory(prefix="banyan-bench-") as folder, _database() as address:
        environment = _environment(address, folder)
        code = _python(environment, "prepare").strip()
        with contextlib.ExitStack() as stack:
            servers = {
                "bare": _serve(stack, environment, "bare", code),
                "edge": _serve(stack, environment, "edge", code),
                "edge, fsync each": _serve(
                    stack, {**environment, "BANYAN_SPOOL_FSYNC": "each"}, "edge", code
                ),
            }
            samples: dict[str, list[Sample]] = {name: [] for name in servers}
            for _ in range(ROUNDS):
                for name, port in servers.items():
                    samples[name].append(measure(port, f"/s/{code}"))
        lines = sum(_lines(path) for path in Path(folder, "spool").glob("*.touches"))
    _print(report, samples, client="wrk" if shutil.which("wrk") else "own client")
    report.row("touches in the spool", lines, "", "every answer of the edge has one")


def _print(report: Report, samples: dict[str, list[Sample]], *, client: str) -> None:
    floors = [sample.rate for sample in samples["bare"]]
    for name, taken in samples.items():
        rate = statistics.median(sample.rate for sample in taken)
        rates = ", ".join(f"{sample.rate:.0f}" for sample in taken)
        report.row(f"/s/CODE {name}", rate, "req/s", f"{client}, rounds {rates}")
        report.row(f"/s/CODE {name} p50", statistics.median(s.p50 for s in taken), "ms")
        report.row(f"/s/CODE {name} p99", statistics.median(s.p99 for s in taken), "ms")
        if name in FLOORS:
            # Each round is compared with itself, so that a busy neighbour weighs on both alike.
            ratios = [sample.rate / floor for sample, floor in zip(taken, floors, strict=True)]
            ratio, least = statistics.median(ratios), FLOORS[name]
            bound = f">= {least}; rounds {min(ratios):.2f} to {max(ratios):.2f}"
            report.held(f"/s/CODE {name} / bare", ratio, "", ratio >= least, bound)


def bare_app() -> Callable[..., Iterable[bytes]]:
    """Return a WSGI application that answers a constant, on threads that the kernel places."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"ok"]

    return application


def edge_app() -> Callable[..., Iterable[bytes]]:
    """Return the edge over the real WSGI application of the project."""
    from banyan.config.wsgi import application

    return application


def prepare() -> str:
    """Make the schema and one link to a shop; return its code."""
    import django

    django.setup()
    from django.core.management import call_command

    from banyan.catalog.models import Shop
    from banyan.kernel import clock
    from banyan.kernel.actors import Actor
    from banyan.people.models import Account
    from banyan.sharing import actions

    call_command("migrate", verbosity=0)
    now = clock.now()
    owner = Account.objects.create(handle="bench", display_name="Bench", created_at=now)
    shop = Shop.objects.create(
        owner=owner, slug="bench", name="Bench", currency="CNY", state="open", created_at=now
    )
    actor = Actor(kind="member", id=owner.pk)
    link = actions.share(actor=actor, target_kind="shop", target_id=shop.pk, via=None)
    return link.code


@contextlib.contextmanager
def _database() -> Iterator[str]:
    from banyan.ops.postgres import TemporaryPostgres

    server = TemporaryPostgres()
    server.start()
    try:
        server.ensure_database("bench")
        yield server.dsn("bench")
    finally:
        server.stop()


def _environment(address: str, folder: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "banyan.config.settings",
        "BANYAN_ENV": "development",
        "BANYAN_VAR": folder,
        "BANYAN_EDGE_RATE": "1000000000",  # one address asks for everybody here
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        **places_of_a_run()[0],
    }


def _python(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench.edge", *arguments],
        env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def measure(port: int, path: str) -> Sample:
    """Ask one page for a second over 16 connections, with wrk where it is installed."""
    return (_wrk if shutil.which("wrk") else _own_client)(port, path)


def _serve(stack: contextlib.ExitStack, environment: dict[str, str], which: str, code: str) -> int:
    return serve(stack, environment, f"bench.edge:{which}_app", f"/s/{code}")


def serve(stack: contextlib.ExitStack, environment: dict[str, str], factory: str, path: str) -> int:
    """Serve an application as ``banyan run`` does until the stack ends; return its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    command += ["--log-level", "error", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--blocking-threads", str(THREADS)]
    command += ["--backpressure", CONNECTIONS_OPEN, "--factory", factory]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    for _ in range(200):
        time.sleep(0.1)
        with contextlib.suppress(OSError):
            if _first_status(port, path) in {200, 302}:
                return port
    raise RuntimeError(f"{factory} does not answer")


def _first_status(port: int, path: str) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(_request(port, path))
        return int(connection.recv(4096).split(b" ", 2)[1])


def _request(port: int, path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {AGENT}\r\n\r\n"
    ).encode()


def _wrk(port: int, path: str) -> Sample:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS:.0f}s", "--latency"]
    command += ["-H", f"User-Agent: {AGENT}", f"http://127.0.0.1:{port}{path}"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if re.search("Non-2xx or 3xx|Socket errors", text):
        raise RuntimeError(text)
    found = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if found is None:
        raise RuntimeError(text)
    return Sample(float(found[1]), _percentile(text, 50), _percentile(text, 99))


def _percentile(text: str, which: int) -> float:
    found = re.search(rf"\s{which}%\s+([\d.]+)(us|ms|s)\s", text)
    if found is None:
        raise RuntimeError(text)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]]


def _own_client(port: int, path: str) -> Sample:
    """Ask over keep-alive connections from one loop; slower than wrk, so ratios look better."""
    request, times = _request(port, path), list[float]()
    with contextlib.ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        sent: dict[socket.socket, float] = {}
        answers: dict[socket.socket, bytes] = {}
        for _ in range(CONNECTIONS):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            selector.register(connection, selectors.EVENT_READ)
            sent[connection], answers[connection] = time.perf_counter(), b""
            connection.sendall(request)
        began = time.perf_counter()
        while time.perf_counter() - began < SECONDS:
            for key, _mask in selector.select(1):
                connection = key.fileobj  # type: ignore[assignment]  # only sockets are registered
                answers[connection] += connection.recv(65_536)
                if not _is_whole(answers[connection]):
                    continue
                now = time.perf_counter()
                times.append((now - sent[connection]) * 1000)
                sent[connection], answers[connection] = now, b""
                connection.sendall(request)
        spent = time.perf_counter() - began
    times.sort()
    return Sample(len(times) / spent, times[len(times) // 2], times[len(times) * 99 // 100])


def _is_whole(answer: bytes) -> bool:
    """Tell whether an answer has come to its end; RuntimeError when it is no good one."""
    head, end, body = answer.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 302")):
        raise RuntimeError(f"an answer is neither 200 nor 302: {head[:60]!r}")
    if re.search(rb"\r\n[Tt]ransfer-[Ee]ncoding: chunked", head):
        return body.endswith(b"0\r\n\r\n")
    length = re.search(rb"\r\n[Cc]ontent-[Ll]ength: (\d+)", head)
    return len(body) >= (int(length[1]) if length else 0)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


class _Printer:
    def row(self, name: str, value: float, unit: str, note: str = "") -> None:
        """Print one figure."""
        print(f"{name:36} {value:12.2f} {unit:6} {note}")

    def held(self, name: str, value: float, unit: str, ok: bool, bound: str) -> None:
        """Print one figure with its bound."""
        self.row(name, value, unit, f"{'ok' if ok else 'MISSED'}, bound {bound}")


def main() -> None:
    """Measure and print."""
    run(_Printer())


if __name__ == "__main__":
    if sys.argv[1:] == ["prepare"]:
        print(prepare())
    else:
        main()
