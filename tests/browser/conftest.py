"""One Chromium and one server of the whole site per worker."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

# Playwright keeps an event loop in this thread, which Django would take for an async view.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
SWITCHES = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Stay silent."""


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Use the Chromium of the machine where there is one."""
    return {"executable_path": shutil.which("chromium"), "args": SWITCHES.split()}


@pytest.fixture(scope="session")
def house() -> Iterator[str]:
    """Serve the whole site, static files and pictures too, from threads of this process."""
    from django.conf import settings
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connections

    # Test runs serve pictures from a folder of their own; the storages write here.
    settings.MEDIA_ROOT = settings.VAR_DIR / "media"
    pages = StaticFilesHandler(WSGIHandler())

    def closing(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        try:
            return [b"".join(pages(environ, start_response))]
        finally:
            connections.close_all()

    server = make_server("127.0.0.1", 0, closing, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(autouse=True)
def _media_root(settings: Any) -> None:
    """Serve the pictures that the storages wrote."""
    settings.MEDIA_ROOT = settings.VAR_DIR / "media"
