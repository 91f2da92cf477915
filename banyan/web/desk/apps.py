"""App configuration."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Pages of the desk."""

    name = "banyan.web.desk"
    label = "web_desk"
