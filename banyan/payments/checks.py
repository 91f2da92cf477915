"""Start-up checks of the payment settings."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.utils.module_loading import import_string

from .providers import fault_of, named, table

logger = logging.getLogger(__name__)


def tell_findings() -> None:
    """Log what the check finds; for a process whose start runs no checks."""
    for found in check_providers(None):
        logger.log(found.level, "%s: %s", found.id, found.msg)


@register()
def check_providers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every named provider can be loaded and used; production has one that takes real money."""
    found: list[CheckMessage] = []
    for name, path in named().items():
        try:
            import_string(path.replace(":", "."))
        except ImportError as error:
            found.append(Error(f"payment provider {name!r}: {error}", id="payments.E001"))
            continue
        fault = fault_of(path)
        if fault:
            said = f"payment provider {name!r} is off: {fault}"
            found.append(Warning(said, id="payments.W002"))
    if settings.PRODUCTION and not set(table()) - {"wallet", "hand"}:
        found.append(
            Warning(
                "no payment provider takes real money; the sandbox is off in production",
                id="payments.W001",
            )
        )
    return found
