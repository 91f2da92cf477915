"""App configuration."""

from django.apps import AppConfig


class TrustConfig(AppConfig):
    """See the package docstring."""

    name = "banyan.trust"
    label = "trust"

    def ready(self) -> None:
        """Listen to sign-ins and proven contacts."""
        from . import subscribers  # noqa: F401 - registers on import
