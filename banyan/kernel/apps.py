"""App configuration."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """Primitives used by every package."""

    name = "banyan.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Load moments quickly, before the first connection is opened."""
        from . import timestamps

        timestamps.install()
