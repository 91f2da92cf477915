"""``import_cascades FILE``: read reshare cascades as share events."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banyan.insights.actions import import_cascades
from banyan.kernel.problems import Invalid

PATIENCE = 2.0


class Command(BaseCommand):
    """Import a cascade file, all or nothing."""

    _told = 0.0
    help = "Import reshare cascades: one tab-separated line each."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="")

    def _counted(self, lines: Iterable[str], size: int) -> Iterator[str]:
        """Pass the lines on, and say every few seconds how far the reading is."""
        self._told, read = time.monotonic(), 0
        for line in lines:
            read += len(line.encode())
            self._tell(f"read {100 * read // max(1, size)} %")
            yield line

    def _written(self, done: int, of: int) -> None:
        self._tell(f"stored {done} of {of} cascades")

    def _tell(self, text: str) -> None:
        if time.monotonic() - self._told >= PATIENCE:
            self._told = time.monotonic()
            self.stderr.write(text)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        path: Path = options["file"]
        try:
            with path.open(encoding="utf-8-sig") as lines:
                done = import_cascades(
                    lines=self._counted(lines, path.stat().st_size),
                    source=options["source"] or path.name,
                    progress=self._written,
                )
        except Invalid as problem:
            faults = problem.extra["faults"]
            told = "\n".join(
                f"  line {f['line']}, column {f['column']}: {f['text']}" for f in faults[:20]
            )
            raise CommandError(f"{problem.message}\n{told}") from problem
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from error
        self.stdout.write(f"{done.new} cascades, {done.shares} members; {done.known} known before")
