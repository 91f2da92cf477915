"""App configuration."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.orders"
    label = "orders"

    def ready(self) -> None:
        """Listen to payments."""
        from . import subscribers  # noqa: F401 - registers on import
