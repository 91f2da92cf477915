"""``cascades_report``: the measures of every imported cascade, or of the shares made here."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from banyan.insights.queries import cascade_report, journey_reports


class Command(BaseCommand):
    """Print one line, or one JSON document, of measures."""

    help = "Print size, depths, largest broadcast and structural virality of each cascade."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--source", default="", help="only cascades of this import")
        parser.add_argument("--of", choices=["imports", "shares"], default="imports")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if options["of"] == "shares":
            rows = list(journey_reports())
        else:
            rows = list(cascade_report(options["source"]))
        if options["format"] == "json":
            self.stdout.write(json.dumps(rows, indent=1))
            return
        for row in rows:
            virality = row["structural_virality"]
            self.stdout.write(
                f"{row['id']}  size {row['size']}  depths {row['depth_histogram']}"
                f"  virality {'-' if virality is None else f'{virality:.3f}'}"
            )
