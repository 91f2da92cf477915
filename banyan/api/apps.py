"""App configuration."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.api"
    label = "api"
