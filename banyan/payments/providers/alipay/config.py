"""Who we are at Alipay, from the settings ``ALIPAY_*``; read once, and never a traceback later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from . import signing

K = TypeVar("K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """An application at Alipay, its keys, and the account that is paid (a number, 2088...)."""

    app_id: str
    seller_id: str
    private_key: RSAPrivateKey
    alipay_key: RSAPublicKey
    gateway: str


def merchant() -> Merchant:
    """Return who we are; ImproperlyConfigured names the setting that is missing or unreadable."""
    return _merchant(*_given())


def fault() -> str:
    """Return what is missing or unreadable, in one line; empty when payments can be taken."""
    return _fault(*_given())


def _given() -> tuple[str, str, str, str, str, bool]:
    return (
        settings.ALIPAY_APP_ID,
        settings.ALIPAY_SELLER_ID,
        settings.ALIPAY_PRIVATE_KEY,
        settings.ALIPAY_PUBLIC_KEY,
        settings.ALIPAY_GATEWAY,
        settings.PRODUCTION,
    )


@lru_cache(8)
def _merchant(
    app_id: str, seller_id: str, private: str, public: str, gateway: str, production: bool
) -> Merchant:
    if not app_id.isascii() or not app_id.isdigit():
        raise ImproperlyConfigured("BANYAN_ALIPAY_APP_ID must be the number of the application")
    if not seller_id.startswith("2088") or not seller_id.isdigit():
        raise ImproperlyConfigured("BANYAN_ALIPAY_SELLER_ID must be the number (2088...) paid to")
    parts = urlsplit(gateway)
    if parts.scheme not in (("https",) if production else ("https", "http")) or not parts.netloc:
        raise ImproperlyConfigured("BANYAN_ALIPAY_GATEWAY must be an https address")
    return Merchant(
        app_id=app_id,
        seller_id=seller_id,
        private_key=_read("BANYAN_ALIPAY_PRIVATE_KEY", private, signing.private_key),
        alipay_key=_read("BANYAN_ALIPAY_PUBLIC_KEY", public, signing.public_key),
        gateway=gateway,
    )


@lru_cache(8)
def _fault(
    app_id: str, seller_id: str, private: str, public: str, gateway: str, production: bool
) -> str:
    try:
        _merchant(app_id, seller_id, private, public, gateway, production)
    except ImproperlyConfigured as error:
        return str(error)
    return ""


def _read(name: str, value: str, load: Callable[[str], K]) -> K:
    if not value:
        raise ImproperlyConfigured(f"{name} is not set")
    text = value.replace("\\n", "\n")
    try:
        if "-----BEGIN" not in text and not text.startswith("MI"):  # how every such key begins
            text = Path(value).read_text(encoding="ascii")
        return load(text)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ImproperlyConfigured(f"{name} is not a readable RSA key: {reason}") from error
