"""The enabled providers, by name: ``settings.PAYMENT_PROVIDERS``.

An entry is the name of a built-in provider or ``name=package.module:Class`` for one of your own.
"""

from __future__ import annotations

import functools

from django.conf import settings
from django.utils.module_loading import import_string

from ..problems import ProviderUnknown
from .base import Provider

BUILT_IN = {
    "sandbox": "banyan.payments.providers.sandbox:SandboxProvider",
    "wallet": "banyan.payments.providers.wallet:WalletProvider",
}


def table() -> dict[str, str]:
    """Return name -> "module:Class" of the enabled providers, in the operator's order.

    The sandbox moves no real money, so production has none, whatever the setting says.
    """
    entries: dict[str, str] = {}
    for entry in settings.PAYMENT_PROVIDERS:
        name, _, path = entry.partition("=")
        entries[name] = path or BUILT_IN.get(name, "")
    if settings.PRODUCTION:
        entries.pop("sandbox", None)
    return entries


@functools.cache
def _load(name: str, path: str) -> Provider:
    provider: Provider = import_string(path.replace(":", "."))()
    provider.name = name
    return provider


def get(name: str) -> Provider:
    """Return the enabled provider ``name``; ProviderUnknown when there is none."""
    path = table().get(name)
    if not path:
        raise ProviderUnknown(detail=name)
    return _load(name, path)


def label_of(name: str) -> str:
    """Return what people call a provider; the bare name of one that is not enabled any more."""
    return str(get(name).label) if table().get(name) else name


def enabled() -> list[Provider]:
    """Return every enabled provider, in the operator's order."""
    return [get(name) for name in table()]
