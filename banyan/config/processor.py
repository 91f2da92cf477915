"""Which processor the processes of an installation run on.

Python's lock lets one thread of a process run at a time, so the only web process has no use for two
processors. Left to the kernel, its threads run wherever there is room: the lock, and all that is
warm in a cache, wander with them. Here the threads that answer requests keep to one processor and
the embedded database to the others, both as a batch: who is woken waits for who runs, instead of
pushing it aside in the middle of a statement. What it brings: docs/explanation/speed.md.

Nothing of it is needed for anything to be right, so what the system refuses is let go.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

NAME = "BANYAN_PROCESSOR"
"""What a web process finds in its environment: the number of the processor for its threads."""

WsgiApp = Callable[[Any, Any], Iterable[bytes]]


def shared_out(*, web_processes: int) -> tuple[int, set[int]] | None:
    """Return the processor of the web process and those of the database; None: all are everybody's.

    That is so for several web processes, with one processor, and where Linux is not.
    """
    if sys.platform != "linux" or web_processes != 1:
        return None
    first, *others = sorted(os.sched_getaffinity(0))
    return (first, set(others)) if others else None


def keep_to(processors: Iterable[int], *, pid: int = 0) -> None:
    """Let a process's first thread, or this thread, and what it begins run there, as a batch."""
    with contextlib.suppress(OSError):  # a container may forbid either, or the process is gone
        os.sched_setaffinity(pid, processors)
        os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))


def placed(application: WsgiApp) -> WsgiApp:
    """Return the application with its threads where this process is told to run them."""
    told = os.environ.get(NAME)
    return OwnProcessor(application, int(told)) if told else application


class OwnProcessor:
    """A WSGI application whose threads keep to one processor, from the first request of each.

    The server's own threads, which read and write sockets, are left where they are.
    """

    def __init__(self, application: WsgiApp, processor: int) -> None:
        """Wrap ``application``."""
        self._application = application
        self._processors = {processor}
        self._thread = threading.local()

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        if not hasattr(self._thread, "is_placed"):
            self._thread.is_placed = True
            keep_to(self._processors)
        return self._application(environ, start_response)
