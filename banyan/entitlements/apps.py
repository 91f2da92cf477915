"""App configuration."""

from django.apps import AppConfig


class EntitlementsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.entitlements"
    label = "entitlements"

    def ready(self) -> None:
        """Know how reminders of ours are told."""
        from . import reminders  # noqa: F401 - registers on import
