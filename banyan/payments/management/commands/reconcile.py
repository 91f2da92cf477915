"""``reconcile``: compare a provider's own bill with the books; exit code 1 on any difference."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banyan.kernel.actors import Actor
from banyan.kernel.problems import Problem
from banyan.payments.actions import reconcile


class Command(BaseCommand):
    """Fetch a day's bill, compare it with the books, and say on what they do not agree."""

    help = "Compare a payment provider's bill of a day with the books; exit code 1 on differences."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the provider and the day."""
        parser.add_argument("provider", help="name of an enabled provider, such as wechat")
        parser.add_argument("day", help="the provider's day, as 2026-07-31")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was compared and each difference; exit 1 when there is one."""
        try:
            day = dt.date.fromisoformat(options["day"])
        except ValueError as error:
            raise CommandError(f"{options['day']!r} is not a day; write 2026-07-31") from error
        try:
            result = reconcile(
                actor=Actor.system("command line"), provider=options["provider"], day=day
            )
        except Problem as problem:
            raise CommandError(f"no comparison: {problem}") from problem
        fees = ", ".join(str(fee) for fee in result.fees.values()) or "none"
        self.stdout.write(f"{result.provider} {result.day}: {result.lines} lines, fees {fees}")
        for difference in result.differences:
            self.stdout.write(f"  {difference}")
        count = len(result.differences)
        self.stdout.write("bill and books agree" if result.clean else f"{count} differences")
        if not result.clean:
            sys.exit(1)
