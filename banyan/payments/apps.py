"""App configuration."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.payments"
    label = "payments"

    def ready(self) -> None:
        """Register listeners and checks."""
        from . import checks, subscribers  # noqa: F401 - registers on import
