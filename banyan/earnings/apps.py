"""App configuration."""

from django.apps import AppConfig


class EarningsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.earnings"
    label = "earnings"

    def ready(self) -> None:
        """Listen to orders and payouts."""
        from banyan.legal.ports import register_check

        from . import subscribers  # noqa: F401 - registers on import
        from .leaving import open_earnings

        register_check("earnings", open_earnings)
