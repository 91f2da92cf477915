"""App configuration."""

from django.apps import AppConfig


class CommunityConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.community"
    label = "community"

    def ready(self) -> None:
        """Say whose open pages a shared post concerns."""
        from . import topics

        topics.register()
