"""App configuration."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.sharing"
    label = "sharing"
