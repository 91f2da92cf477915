"""App configuration."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.media"
    label = "media"

    def ready(self) -> None:
        """Listen to our own news."""
        from . import subscribers  # noqa: F401 - registers on import
