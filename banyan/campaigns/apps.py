"""App configuration."""

from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.campaigns"
    label = "campaigns"

    def ready(self) -> None:
        """Find the mechanics, so that a wrong one stops the start; say whom events concern.

        Say, too, what who opened a group has of an order, and which coupons are promised.
        """
        from banyan.earnings.ports import register_claim
        from banyan.entitlements.ports import register_promises
        from banyan.legal.ports import register_check

        from . import entering, subscribers, topics, words  # noqa: F401 - register on import
        from .checks import promises
        from .leaving import open_perks
        from .mechanic import mechanics
        from .queries import had_of, owed_of, still_owed_of

        mechanics()
        register_promises(promises)
        topics.register()
        register_claim(owed_of, had_of, still_owed_of)
        register_check("campaigns", open_perks)
