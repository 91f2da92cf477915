"""App configuration."""

from django.apps import AppConfig


class MarketConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.market"
    label = "market"

    def ready(self) -> None:
        """Listen to orders; tell both sides; keep their pages live."""
        from banyan.legal.ports import register_check
        from banyan.orders.ports import register_open_check

        from . import notices, subscribers  # noqa: F401 - registers on import
        from .leaving import held_money
        from .queries import argued_about

        register_open_check(argued_about)
        register_check("market", held_money)
