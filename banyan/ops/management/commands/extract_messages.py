"""``extract_messages``: bring the message catalogues up to date with the sources."""

from typing import Any

from django.core.management.base import BaseCommand

from banyan.ops.catalogues import update_catalogues


class Command(BaseCommand):
    """Gather every translatable string into the catalogue of each language."""

    help = "Update banyan/locale/*/LC_MESSAGES/django.po from the Python files and templates."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run."""
        for language, (translated, total) in update_catalogues().items():
            self.stdout.write(f"{language}: {translated} of {total} messages translated")
