"""Progress for people who wait: a step that takes over a second says so."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 1.0


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print ``title ...`` once the block has run for a second, and its duration at the end."""
    began = time.monotonic()
    timer = threading.Timer(PATIENCE, say, [f"{title} ..."])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    took = time.monotonic() - began
    if took >= PATIENCE:
        say(f"{title}: {took:.1f} s")


def say(text: str) -> None:
    """Print one line of progress at once; to standard error, for standard output is data."""
    complain(f"· {text}")


def complain(text: str) -> None:
    """Print one line to standard error."""
    print(text, file=sys.stderr, flush=True)
