"""kill -9 of the web process under load: every answered touch is in the database afterwards."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from banyan.sharing import actions
from banyan.sharing.models import Touch
from banyan.sharing.spool import load_once
from tests.support import factories as make
from tests.support.ports import free_port
from tests.web.edge.calls import PHONE

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 8


class Server:
    """One granian with the edge, on a port and a spool of its own."""

    def __init__(self, application: str, var: Path, **environment: str) -> None:
        (var / "spool").mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        name = connection.settings_dict["NAME"]
        address = re.sub(r"/postgres(?=\?|$)", f"/{name}", os.environ["DATABASE_URL"])
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
        command += ["--log-level", "critical", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", "1", "--blocking-threads", "4", "--backpressure", "4"]
        command += ["--factory", f"tests.web.edge.served:{application}"]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ
            | environment
            | {
                "DATABASE_URL": address,
                "BANYAN_VAR": str(var),
                "BANYAN_EDGE_RATE": "1000000",
            },
            start_new_session=True,
        )

    def open(self, client: http.client.HTTPConnection, code: str) -> int | None:
        """Open a link and return the touch that was answered, or None for a refusal."""
        client.request("GET", f"/s/{code}", headers={"User-Agent": PHONE})
        answer = client.getresponse()
        answer.read()
        found = re.search(r"[?&]t=(\d+)", answer.getheader("location") or "")
        return int(found[1]) if answer.status == 302 and found else None

    def client(self) -> http.client.HTTPConnection:
        """Return a connection that is kept alive."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def wait(self, code: str) -> int:
        """Return the first answered touch."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                touch = self.open(self.client(), code)
            except (OSError, http.client.HTTPException):
                touch = None
            if touch is not None:
                return touch
            assert self.process.poll() is None, "the server ended"
            time.sleep(0.1)
        raise AssertionError("the server does not answer")

    def kill(self) -> None:
        """End every process of the server at once, without a chance to tidy up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def answered_until_killed(server: Server, code: str, *, wanted: int) -> list[int]:
    """Return the touches that clients were answered before the server was killed under them."""
    answered = [server.wait(code)]
    enough = threading.Event()

    def ask() -> None:
        client = server.client()
        while True:
            try:
                touch = server.open(client, code)
            except (OSError, http.client.HTTPException):
                return
            if touch is not None:
                answered.append(touch)
            if len(answered) >= wanted:
                enough.set()

    threads = [threading.Thread(target=ask) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    try:
        assert enough.wait(60)
    finally:
        server.kill()
    for thread in threads:
        thread.join(timeout=30)
    return answered


@pytest.fixture
def code(threaded_db: None) -> str:
    link = actions.share(
        actor=make.actor(make.member()),
        target_kind="product",
        target_id=make.product().pk,
        via=None,
    )
    return link.code


@pytest.mark.parametrize("fsync", ["batch", "each"])
def test_no_answered_touch_is_lost(code: str, tmp_path: Path, fsync: str) -> None:
    server = Server("edge", tmp_path, BANYAN_SPOOL_FSYNC=fsync)

    answered = answered_until_killed(server, code, wanted=300)
    load_once(tmp_path / "spool")

    assert len(answered) == len(set(answered)) >= 300
    stored = set(Touch.objects.values_list("id", flat=True))
    assert set(answered) <= stored
    # Written but unanswered at the moment of the kill: at most what was in flight.
    assert len(stored - set(answered)) <= CLIENTS
    assert list((tmp_path / "spool").glob("*.touches")) == []


def test_negative_control_a_buffering_writer_loses_some(code: str, tmp_path: Path) -> None:
    server = Server("buffering_edge", tmp_path)

    answered = answered_until_killed(server, code, wanted=300)
    load_once(tmp_path / "spool")

    stored = set(Touch.objects.values_list("id", flat=True))
    assert stored, "the control writes to the same spool"
    assert set(answered) - stored
