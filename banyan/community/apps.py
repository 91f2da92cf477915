"""App configuration."""

from django.apps import AppConfig


class CommunityConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.community"
    label = "community"

    def ready(self) -> None:
        """Say whose open pages a shared post concerns; tell authors what happens to theirs."""
        from . import moderated, subscribers, topics  # noqa: F401 - registers on import

        topics.register()
        moderated.register()
