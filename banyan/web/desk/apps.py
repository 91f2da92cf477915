"""App configuration."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Pages of the desk."""

    name = "banyan.web.desk"
    label = "web_desk"

    def ready(self) -> None:
        """Tell staff of what waits for them."""
        from . import alerts  # noqa: F401 - registers on import
