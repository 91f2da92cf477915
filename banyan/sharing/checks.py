"""Start-up checks: a port that nobody fills is an error before the first request, not after."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error

from . import ports


def ports_are_filled(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Report every port of sharing that has no provider."""
    return [
        Error(
            f"Sharing has no {name}.",
            hint="Register it in an AppConfig.ready() with a function of banyan.sharing.ports.",
            id="sharing.E001",
        )
        for name in ports.missing()
    ]
