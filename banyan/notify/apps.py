"""App configuration."""

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.notify"
    label = "notify"
