"""App configuration."""

from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.delivery"
    label = "delivery"

    def ready(self) -> None:
        """Look at what goes on sale, and who counts it."""
        from banyan.catalog import ports

        from .actions import check_countable
        from .gates import may_publish

        ports.register_publish_check(may_publish)
        ports.register_count_check(check_countable)
