"""``ledger_verify``: recount the ledger; exit code 1 on any drift."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from banyan.ledger.proof import Report, verify


class Command(BaseCommand):
    """Recount every balance, journal, snapshot and reversal from the postings."""

    help = "Recount the ledger from its postings; exit code 1 on any drift."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--format``."""
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the report; exit 1 when it is not clean."""
        report = verify()
        if options["format"] == "json":
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self._tell(report)
        if not report.clean:
            sys.exit(1)

    def _tell(self, report: Report) -> None:
        counted = f"{report.accounts} accounts, {report.journals} journals"
        self.stdout.write(f"{counted}, {report.postings} postings")
        for currency, total in report.totals.items():
            self.stdout.write(f"  {currency} sum {total}")
        for drift in report.drifts:
            told = f"{drift.kind} {drift.subject_id}: expected {drift.expected}, found"
            self.stdout.write(f"  DRIFT {told} {drift.found} {drift.note}")
        self.stdout.write("clean" if report.clean else f"{len(report.drifts)} drifts")
