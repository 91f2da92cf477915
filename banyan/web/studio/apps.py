"""App configuration."""

from django.apps import AppConfig


class StudioConfig(AppConfig):
    """Pages of the studio."""

    name = "banyan.web.studio"
    label = "web_studio"
