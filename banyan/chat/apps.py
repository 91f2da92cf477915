"""App configuration."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.chat"
    label = "chat"

    def ready(self) -> None:
        """Keep open rooms live; tell people; hear what buyers say elsewhere; be moderated."""
        from . import moderated, notices, subscribers, topics  # noqa: F401 - registers on import

        moderated.register()
        topics.register()
