"""App configuration."""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.catalog"
    label = "catalog"

    def ready(self) -> None:
        """Listen to our own events, to tell people; know what reminders of ours are about."""
        from banyan.legal.ports import register_check

        from . import reminders, subscribers  # noqa: F401 - register on import
        from .leaving import open_business

        register_check("catalog", open_business)
