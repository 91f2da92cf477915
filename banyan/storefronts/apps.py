"""App configuration."""

from django.apps import AppConfig


class StorefrontsConfig(AppConfig):
    """Storefront pages, offers and the supply pool."""

    name = "banyan.storefronts"
    label = "storefronts"

    def ready(self) -> None:
        """Register what is done when others say something, and how notices are told."""
        from . import subscribers  # noqa: F401 - registers on import
