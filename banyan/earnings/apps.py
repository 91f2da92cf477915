"""App configuration."""

from django.apps import AppConfig


class EarningsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.earnings"
    label = "earnings"
