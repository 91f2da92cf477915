"""The real sandbox gateway beside a test, and a web server for it to send its messages to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.sandbox.driver import API_KEY, SECRET, Client, Gateway, Receiver, running
from tests.support.serving import serve

__all__ = ["Receiver", "Sandbox", "run_sandbox", "serve_shop"]


class Sandbox:
    """A running gateway: ``api`` calls it as merchant or buyer; ``settings`` is what we need."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    @property
    def api(self) -> Client:
        """The client of the process as it runs now."""
        return self.gateway.client

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.gateway.port}"

    @property
    def settings(self) -> dict[str, str]:
        """Django settings that make this gateway ours."""
        return {"SANDBOX_URL": self.url, "SANDBOX_API_KEY": API_KEY, "SANDBOX_SECRET": SECRET}

    def pay(self, provider_ref: str, outcome: str = "success") -> str:
        """Press a button of the pay page; return where the browser is sent."""
        answer = self.api.confirm({"id": provider_ref}, outcome)
        assert answer.status == 303, answer.body
        return answer.headers["location"]

    def configure(self, **test_settings: object) -> None:
        """Replace the gateway's test settings (delays, drops, failing refunds)."""
        assert self.api.post("/v1/test/settings", test_settings).status == 200


@contextlib.contextmanager
def run_sandbox(state: Path) -> Iterator[Sandbox]:
    """Run a gateway for the length of a block."""
    with running(state) as gateway:
        yield Sandbox(gateway)


@contextlib.contextmanager
def serve_shop(around: Callable[[Any], Any] = lambda site: site) -> Iterator[str]:
    """Serve the whole site from threads of this process; yield its address.

    ``around`` wraps it, as the share-link edge does in the web process.
    """
    from django.core.wsgi import get_wsgi_application

    with serve(around(get_wsgi_application())) as port:
        yield f"http://127.0.0.1:{port}"
