"""``load_demo``: fill an empty platform with the demo, or print who can sign in."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from banyan.ops.demo import story


class Command(BaseCommand):
    """Load the demo by public actions."""

    help = "Fill the platform with fictional members, shops, posts and orders."
    # Whoever calls it from code may hand over a studio that has begun on the pictures.
    stealth_options = ("studio",)

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--if-empty", action="store_true")
        parser.add_argument("--print-logins", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        if options["print_logins"]:
            self.stdout.write(
                "Be anyone with the bar at the top: Ana, a guest, a merchant, an operator."
            )
            return
        if story.is_half_told():
            raise CommandError(
                "An earlier load of the demo was broken off; remove the data folder."
            )
        if options["if_empty"] and not story.is_empty():
            return
        story.load(lambda text: self.stderr.write(f"  demo: {text}"), options.get("studio"))
