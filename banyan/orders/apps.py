"""App configuration."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.orders"
    label = "orders"

    def ready(self) -> None:
        """Listen to payments; say whose open pages an order concerns."""
        from . import subscribers, topics  # noqa: F401 - registers on import

        topics.register()
