"""App configuration."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.catalog"
    label = "catalog"

    def ready(self) -> None:
        """Listen to our own events, to tell people."""
        from . import subscribers  # noqa: F401 - registers on import
