"""App configuration."""

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.notify"
    label = "notify"

    def ready(self) -> None:
        """Listen to people, carry their codes, and wake the pages of who is told."""
        from banyan.people import ports

        from . import codes, subscribers, topics  # noqa: F401 - registers on import

        ports.register_code_sender(codes.send_code)
        topics.register()
