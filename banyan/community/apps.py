"""App configuration."""

from django.apps import AppConfig


class CommunityConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.community"
    label = "community"
