"""The enabled providers, by name: ``settings.PAYMENT_PROVIDERS``.

An entry is the name of a built-in provider or ``name=package.module:Class`` for one of your own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.conf import settings
from django.utils.module_loading import import_string

from ..problems import ProviderUnknown
from .base import Provider

HAND = "hand"
BUILT_IN = {
    "alipay": "banyan.payments.providers.alipay:AlipayProvider",
    "hand": "banyan.payments.providers.hand:HandProvider",
    "sandbox": "banyan.payments.providers.sandbox:SandboxProvider",
    "stripe": "banyan.payments.providers.stripe:StripeProvider",
    "wallet": "banyan.payments.providers.wallet:WalletProvider",
    "wechat": "banyan.payments.providers.wechat:WechatProvider",
}


def named() -> dict[str, str]:
    """Return name -> "module:Class" of the providers that the operator names, in that order.

    The sandbox moves no real money, so production has none, whatever the setting says.
    """
    entries: dict[str, str] = {}
    for entry in settings.PAYMENT_PROVIDERS:
        name, _, path = entry.partition("=")
        entries[name] = path or BUILT_IN.get(name, "")
    if settings.PRODUCTION:
        entries.pop("sandbox", None)
    return entries


def table() -> dict[str, str]:
    """Return :func:`named` without those that cannot be used as they are set up."""
    return {name: path for name, path in named().items() if not fault_of(path)}


def fault_of(path: str) -> str:
    """Return what keeps a provider from being used, in a sentence for the operator; "" is nothing.

    Its class says so by a static method ``fault``, where it needs settings. A class that cannot
    be loaded is a matter of the start-up checks.
    """
    try:
        find = _fault_finder(path)
    except ImportError:
        return ""
    return find() if find else ""


@functools.cache
def _fault_finder(path: str) -> Callable[[], str] | None:
    found: Callable[[], str] | None = getattr(import_string(path.replace(":", ".")), "fault", None)
    return found


@functools.cache
def _load(name: str, path: str) -> Provider:
    provider: Provider = import_string(path.replace(":", "."))()
    provider.name = name
    return provider


def get(name: str) -> Provider:
    """Return the enabled provider ``name``; ProviderUnknown when there is none."""
    path = named().get(name)
    if not path or fault_of(path):
        raise ProviderUnknown(detail=name)
    return _load(name, path)


def label_of(name: str) -> str:
    """Return what people call a provider; the bare name of one that is not enabled any more."""
    known = name in table() or _is_off_and_by_hand(name)
    return str(carrier(name).label) if known else name


def carrier(name: str) -> Provider:
    """Return who carries a payout that is under way, or carried one that has ended.

    The enabled provider; by hand, also after it was switched off: its payouts need no settings, and
    somebody still has to say how they went. Raises ProviderUnknown.
    """
    return _load(name, BUILT_IN[name]) if _is_off_and_by_hand(name) else get(name)


def is_by_hand(name: str) -> bool:
    """Tell whether a person sends the payouts of a provider, and says how they went."""
    if name in table():
        return get(name).capabilities.by_hand
    return _is_off_and_by_hand(name)


def by_hand() -> list[str]:
    """Return the names of those whose payouts a person sends, or sent before they were off."""
    return [name for name in {*table(), *BUILT_IN} if is_by_hand(name)]


def _is_off_and_by_hand(name: str) -> bool:
    return name == HAND and name not in named()


def enabled() -> list[Provider]:
    """Return every enabled provider, in the operator's order."""
    return [_load(name, path) for name, path in table().items()]
