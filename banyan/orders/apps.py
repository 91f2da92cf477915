"""App configuration."""

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.orders"
    label = "orders"
