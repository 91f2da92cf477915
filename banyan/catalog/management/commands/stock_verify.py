"""``stock_verify``: recount every stock figure; exit code 1 on any drift."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from banyan.catalog.proof import stock_audit


class Command(BaseCommand):
    """Recount what is on hand, promised and held from the movements."""

    help = "Recount the stock from its movements; exit code 1 on any drift."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every drift; exit 1 when there is one."""
        drifts = stock_audit()
        for drift in drifts:
            told = f"variant {drift.variant_id}, {drift.figure}: expected {drift.expected}"
            self.stdout.write(f"  DRIFT {told}, found {drift.found}")
        self.stdout.write(f"{len(drifts)} drifts" if drifts else "clean")
        if drifts:
            sys.exit(1)
