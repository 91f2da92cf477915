"""Drives a gateway process from outside: starts it, calls it, receives its webhooks."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode, urlsplit

from standardwebhooks.webhooks import Webhook

ROOT = Path(__file__).resolve().parents[2]
SECRET = "whsec_" + base64.b64encode(b"a test secret of thirty-two byte").decode()
API_KEY = "sk_sandbox_test"
T = TypeVar("T")


def environment(**changes: str) -> dict[str, str]:
    """Return a clean environment for the process, as an operator would set it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SANDBOX_", "BANYAN_", "DJANGO_", "DATABASE_"))
    }
    kept |= {
        "PYTHONPATH": str(ROOT),
        "SANDBOX_SECRET": SECRET,
        "SANDBOX_API_KEY": API_KEY,
        "SANDBOX_SETTLE_MS": "50",
    }
    return kept | changes


class Gateway:
    """One running gateway process on a free port."""

    def __init__(self, state: Path, **changes: str) -> None:
        self.state = state
        self._changes = changes
        self.start()

    def start(self) -> None:
        """Start on the state file and wait for the line that says it is ready."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--port", "0", "--state", str(self.state)],
            env=environment(**self._changes),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "test gateway, no real money" in line, line
        self.port = int(line.rsplit(":", 1)[1])
        self.client = Client(self.port)

    def kill(self) -> None:
        """Tear the process away as a power switch would."""
        self.process.send_signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> int:
        """Ask the process to stop and return its exit code."""
        self.process.terminate()
        return self._reap()

    def _reap(self) -> int:
        code = self.process.wait(timeout=60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)

    @property
    def returned(self) -> dict[str, str]:
        """Return the query of the address we were redirected to."""
        return {k: v[0] for k, v in parse_qs(urlsplit(self.headers["location"]).query).items()}


class Client:
    """A merchant and a buyer in one, with a kept-alive connection for each thread."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._local = threading.local()

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request as it is."""
        if not hasattr(self._local, "connection"):
            self._local.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection: http.client.HTTPConnection = self._local.connection
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # An idle connection that the gateway has closed says nothing about this request.
            connection.close()
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, found, answer.read())

    def get(self, path: str) -> Answer:
        """Call the API as the merchant."""
        return self.send("GET", path, headers={"authorization": f"Bearer {API_KEY}"})

    def post(self, path: str, document: object, key: str | None = None) -> Answer:
        """Call the API as the merchant, with an Idempotency-Key when one is given."""
        headers = {"authorization": f"Bearer {API_KEY}", "content-type": "application/json"}
        if key is not None:
            headers["idempotency-key"] = key
        return self.send("POST", path, json.dumps(document).encode(), headers)

    def open(self, webhook_url: str | None = None, **changes: object) -> dict[str, Any]:
        """Open a payment of 129.00 CNY and return it."""
        answer = self.post("/v1/payments", payment_body(webhook_url, **changes))
        assert answer.status == 201, answer.body
        payment: dict[str, Any] = answer.json
        return payment

    def confirm(self, payment: Mapping[str, Any], outcome: str = "success") -> Answer:
        """Press a button of the pay page."""
        return self.send(
            "POST",
            f"/pay/{payment['id']}/confirm",
            urlencode({"outcome": outcome}).encode(),
            {"content-type": "application/x-www-form-urlencoded"},
        )

    def payment(self, payment: Mapping[str, Any]) -> dict[str, Any]:
        """Read a payment again."""
        found: dict[str, Any] = self.get(f"/v1/payments/{payment['id']}").json
        return found

    def paid(self, webhook_url: str | None = None, **changes: object) -> dict[str, Any]:
        """Open a payment and pay it."""
        payment = self.open(webhook_url, **changes)
        assert self.confirm(payment).status == 303
        return payment

    def refund(self, payment: Mapping[str, Any], amount: int, reference: str = "r1") -> Answer:
        """Ask for a refund."""
        body = {"payment": payment["id"], "amount": amount, "reference": reference}
        return self.post("/v1/refunds", body)


def payment_body(webhook_url: str | None = None, **changes: object) -> dict[str, object]:
    """Return the body that opens a payment of 129.00 CNY."""
    body: dict[str, object] = {
        "amount": 12900,
        "currency": "CNY",
        "reference": "7311",
        "return_url": "http://shop.test/back?intent=7311",
        "description": "Hand-thrown cup",
    }
    if webhook_url is not None:
        body["webhook_url"] = webhook_url
    return body | changes


@dataclass(frozen=True)
class Hook:
    """One webhook as it arrived; ``event`` was read only after its signature held."""

    headers: Mapping[str, str]
    body: bytes
    arrived: float

    @property
    def event(self) -> Any:
        """Return the event; raises when the signature does not hold."""
        return Webhook(SECRET).verify(self.body.decode(), dict(self.headers))

    @property
    def kind(self) -> str:
        """Return the event's type."""
        return str(self.event["type"])


class Receiver:
    """A shop's webhook address that keeps everything it is sent."""

    def __init__(self) -> None:
        self.hooks: list[Hook] = []
        self.connections = 0
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                receiver.connections += 1

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the sender was killed in mid-message
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.hooks.append(Hook(headers, body, time.monotonic()))
                self.send_response(receiver.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Stay silent."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """Stay silent: a killed gateway tears its connections."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hooks/sandbox"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def wait(self, count: int, *, seconds: float = 60.0) -> list[Hook]:
        """Return the hooks once ``count`` have come."""
        wait_for(lambda: len(self.hooks) >= count, seconds=seconds)
        return list(self.hooks)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def wait_for(fact: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait until something holds; fail when it does not come true in time."""
    end = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def together(task: Callable[[int], T], count: int) -> list[T]:
    """Run a task in ``count`` threads that start at the same moment."""
    barrier = threading.Barrier(count)

    def run(number: int) -> T:
        barrier.wait(timeout=60)
        return task(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@contextlib.contextmanager
def running(state: Path, **changes: str) -> Iterator[Gateway]:
    """Run a gateway for the length of a block."""
    gateway = Gateway(state, **changes)
    try:
        yield gateway
    finally:
        if gateway.process.poll() is None:
            gateway.stop()
