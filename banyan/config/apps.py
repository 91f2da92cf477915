"""Start-up wiring: lock order, the desk; every package's own wiring is in its AppConfig."""

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
        self._open_desk()

    def _open_desk(self) -> None:
        """Make the desk the one back-office site, before any package registers its tables."""
        from django.contrib import admin
        from django.contrib.admin import sites

        from banyan.web.desk.site import DeskSite

        admin.site = sites.site = DeskSite()
