"""The site served from threads of this process, for browsers and for whoever sends messages.

Nobody may still read or write when a test's tables are emptied: see :func:`settle`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.db import connections

_PATIENCE = 60
_running: set[_Server] = set()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Stay silent."""


class _Server(ThreadingMixIn, WSGIServer):
    # One that hangs must not keep the process; those that work are waited for by ``settle``.
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.changed = threading.Condition()
        self.open: dict[Any, socket.socket] = {}
        self.last: Any = None

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.changed:
            self.open[client_address] = request
            self.last = client_address
            self.changed.notify_all()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            # A thread lives for one connection; its database connection must not outlive it.
            connections.close_all()
            with self.changed:
                del self.open[client_address]
                self.changed.notify_all()

    def settle(self) -> None:
        """Wait until everything that was sent before has been answered."""
        with socket.create_connection(("127.0.0.1", self.server_port)) as mine, self.changed:
            # Connections are taken up in the order in which they came: none is behind this one.
            done = self.changed.wait_for(lambda: self.last == mine.getsockname(), _PATIENCE)
            assert done, "the server takes up no connection"
            for each in self.open.values():
                # What has arrived is answered; a browser's spare connection would stay for ever.
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RD)
            assert self.changed.wait_for(lambda: not self.open, _PATIENCE), "a request hangs"


@contextlib.contextmanager
def serve(application: Callable[..., Any]) -> Iterator[int]:
    """Serve a WSGI application at 127.0.0.1 for the length of a block; yield the port.

    For tests that commit: what the server commits, the test sees, and the reverse.
    """
    server = make_server("127.0.0.1", 0, application, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    _running.add(server)
    try:
        yield server.server_port
    finally:
        _running.discard(server)
        server.settle()
        server.shutdown()
        server.server_close()
        thread.join(timeout=_PATIENCE)


def settle() -> None:
    """Wait until every server of this process has answered what it was asked.

    The tables are not emptied before: a request that goes on would wait for a lock in the other
    order, or write rows into the next test.
    """
    for server in tuple(_running):
        server.settle()
