"""App configuration."""

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.payments"
    label = "payments"
