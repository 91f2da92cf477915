"""Start-up wiring: lock order and log lines; every package's own wiring is in its AppConfig."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """First in INSTALLED_APPS, so that the lock order is known before any action runs."""

    name = "banyan.config"
    label = "config"

    def ready(self) -> None:
        """Give the kernel the global lock order, and log lines a place that cannot fail."""
        from banyan.kernel import locks

        from . import logs
        from .lock_order import LOCK_ORDER

        locks.configure(LOCK_ORDER)
        logs.configure()
