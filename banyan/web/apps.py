"""App configuration."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Pages."""

    name = "banyan.web"
    label = "web"
