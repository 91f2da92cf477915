"""Start-up wiring: lock order, log lines, the desk; each package's own is in its AppConfig."""

from typing import Any

from django.apps import AppConfig

# All that a busy process says in turn; with fewer it would prepare and forget all day.
MOST_PREPARED = 500


class ConfigConfig(AppConfig):
    """First in INSTALLED_APPS, so that the lock order is known before any action runs."""

    name = "banyan.config"
    label = "config"

    def ready(self) -> None:
        """Give the kernel the lock order, log lines a place, connections room, numbers width."""
        from django.db.backends.signals import connection_created

        from banyan.kernel import locks

        from . import integers, logs, statements
        from .lock_order import LOCK_ORDER

        locks.configure(LOCK_ORDER)
        connection_created.connect(_make_room, dispatch_uid="banyan.config.prepared")
        logs.configure()
        integers.bind_whole_numbers_whole()
        statements.remember_long_ones()
        self._open_desk()

    def _open_desk(self) -> None:
        """Make the desk the one back-office site, before any package registers its tables."""
        from django.contrib import admin
        from django.contrib.admin import sites

        from banyan.web.desk.site import DeskSite

        admin.site = sites.site = DeskSite()


def _make_room(connection: Any, **_: Any) -> None:
    connection.connection.prepared_max = MOST_PREPARED
