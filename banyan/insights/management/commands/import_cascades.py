"""``import_cascades FILE``: read reshare cascades as share events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banyan.insights.actions import import_cascades
from banyan.kernel.problems import Invalid


class Command(BaseCommand):
    """Import a cascade file, all or nothing."""

    help = "Import reshare cascades: one tab-separated line each."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", default="")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        path: Path = options["file"]
        try:
            with path.open(encoding="utf-8-sig") as lines:
                done = import_cascades(lines=lines, source=options["source"] or path.name)
        except Invalid as problem:
            faults = problem.extra["faults"]
            told = "\n".join(
                f"  line {f['line']}, column {f['column']}: {f['text']}" for f in faults[:20]
            )
            raise CommandError(f"{problem.message}\n{told}") from problem
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path}: {error}") from error
        self.stdout.write(f"{done.new} cascades, {done.shares} members; {done.known} known before")
