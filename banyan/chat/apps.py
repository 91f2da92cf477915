"""App configuration."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.chat"
    label = "chat"
