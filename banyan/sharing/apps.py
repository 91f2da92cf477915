"""App configuration."""

from django.apps import AppConfig


class SharingConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.sharing"
    label = "sharing"

    def ready(self) -> None:
        """Have the ports checked once every package has filled them; announce the topics."""
        from django.core import checks

        from . import topics
        from .checks import ports_are_filled

        checks.register(ports_are_filled)
        topics.register()
