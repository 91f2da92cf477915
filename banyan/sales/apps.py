"""App configuration."""

from django.apps import AppConfig


class SalesConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.sales"
    label = "sales"

    def ready(self) -> None:
        """Listen to our own events, to tell people; know what reminders of ours are about."""
        from . import reminders, subscribers  # noqa: F401 - register on import
