"""Start-up wiring: lock order; every package's own wiring is in its AppConfig."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """First in INSTALLED_APPS, so that the lock order is known before any action runs."""

    name = "banyan.config"
    label = "config"

    def ready(self) -> None:
        """Give the kernel the global lock order."""
        from banyan.kernel import locks

        from .lock_order import LOCK_ORDER

        locks.configure(LOCK_ORDER)
