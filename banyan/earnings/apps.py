"""App configuration."""

from django.apps import AppConfig


class EarningsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.earnings"
    label = "earnings"

    def ready(self) -> None:
        """Listen to orders and payouts."""
        from . import subscribers  # noqa: F401 - registers on import
