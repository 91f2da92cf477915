"""App configuration."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.media"
    label = "media"
