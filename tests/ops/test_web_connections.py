"""Browsers that keep their connections open never shut others out of the web process."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from banyan.ops.environment import Surroundings
from banyan.ops.supervisor import recipes
from tests.support.ports import free_port

ASK = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
APPLICATION = """
def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@contextlib.contextmanager
def _web(tmp_path: Path, *, connections: str = "") -> Iterator[int]:
    """Serve a constant with the very options of ``banyan run``; yields the port."""
    (tmp_path / "constant.py").write_text(APPLICATION)
    port = free_port()
    here = {"BANYAN_VAR": str(tmp_path), "BANYAN_HOST": "127.0.0.1", "BANYAN_PORT": str(port)}
    web = next(r for r in recipes(Surroundings.read(here), {}) if r.name == "web")
    command = [*web.command[:-1], "constant:application"]
    if connections:
        command[command.index("--backpressure") + 1] = connections
    process = subprocess.Popen(command, cwd=tmp_path)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _asked(port: int, *, patience: float) -> socket.socket:
    """Ask once and keep the connection open. TimeoutError when no answer comes."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=patience)
    connection.sendall(ASK)
    assert connection.recv(1024).startswith(b"HTTP/1.1 200")
    return connection


def test_forty_idle_browsers_leave_room_for_one_more(tmp_path: Path) -> None:
    """Given five times as many kept connections as threads, the next visitor is answered."""
    with _web(tmp_path) as port, contextlib.ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(_asked(port, patience=20))
        _asked(port, patience=20).close()


def test_the_control_bounded_by_threads_shuts_the_ninth_out(tmp_path: Path) -> None:
    """With as many connections as threads, eight idle browsers are the whole audience."""
    with _web(tmp_path, connections="8") as port, contextlib.ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(_asked(port, patience=20))
        with pytest.raises(TimeoutError):
            _asked(port, patience=3)
