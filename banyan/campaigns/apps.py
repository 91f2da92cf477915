"""App configuration."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        """Find the mechanics, so that a wrong one stops the start; say whom events concern."""
        from banyan.entitlements.ports import register_promises

        from . import entering, subscribers, topics, words  # noqa: F401 - register on import
        from .checks import promises
        from .mechanic import mechanics

        mechanics()
        register_promises(promises)
        topics.register()
