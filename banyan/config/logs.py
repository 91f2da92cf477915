"""Where structured log lines go: to standard output, for as long as somebody reads it."""

from __future__ import annotations

import contextlib
import sys

import structlog


class StandardOutput:
    """Standard output that never fails a request: a reader that is gone only loses the line."""

    def write(self, text: str) -> int:
        """Write ``text``; return its length, whether or not somebody reads it."""
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()


def configure() -> None:
    """Send structured lines to standard output. Called once at start-up."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=StandardOutput()))  # type: ignore[arg-type]  # it is only written to and flushed
