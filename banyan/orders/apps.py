"""App configuration."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.orders"
    label = "orders"

    def ready(self) -> None:
        """Listen to payments; tell buyers and shops; say whose open pages an order concerns."""
        from banyan.legal.ports import register_check

        from . import (  # noqa: F401 - registers on import
            agreeing,
            answers,
            delivering,
            earning,
            papers,
            subscribers,
            telling,
            topics,
        )
        from .leaving import open_orders

        topics.register()
        register_check("orders", open_orders)
