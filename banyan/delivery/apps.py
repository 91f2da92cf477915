"""App configuration."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.delivery"
    label = "delivery"
