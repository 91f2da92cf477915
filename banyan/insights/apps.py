"""App configuration."""

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.insights"
    label = "insights"
