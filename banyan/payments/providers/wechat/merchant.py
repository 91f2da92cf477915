"""Who we are to WeChat Pay: settings ``WECHAT_*``, read and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings

from ...problems import ProviderRefused

_NAMES = {
    "appid": "BANYAN_WECHAT_APPID",
    "mchid": "BANYAN_WECHAT_MCHID",
    "private_key": "BANYAN_WECHAT_PRIVATE_KEY",
    "serial": "BANYAN_WECHAT_CERT_SERIAL",
    "api_key": "BANYAN_WECHAT_API_V3_KEY",
    "platform_keys": "BANYAN_WECHAT_PLATFORM_KEYS",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """A merchant account.

    ``serial`` is the number of the merchant certificate that belongs to ``private_key``;
    ``api_key`` the APIv3 key (32 bytes); ``platform_keys`` the keys that WeChat Pay signs with, by
    their ids, the one it is asked to use first.
    """

    appid: str
    mchid: str
    serial: str
    private_key: RSAPrivateKey
    api_key: bytes
    platform_keys: Mapping[str, RSAPublicKey]


def merchant() -> Merchant:
    """Return the merchant account of the settings; ProviderRefused when there is none to use."""
    found = _from_settings()
    if isinstance(found, str):
        raise ProviderRefused("not_set_up", detail=found)
    return found


def fault() -> str:
    """Return what is missing or unreadable in the settings, naming it; "" when nothing is."""
    found = _from_settings()
    return found if isinstance(found, str) else ""


def _from_settings() -> Merchant | str:
    return _read(
        settings.WECHAT_APPID,
        settings.WECHAT_MCHID,
        settings.WECHAT_PRIVATE_KEY,
        settings.WECHAT_CERT_SERIAL,
        settings.WECHAT_API_V3_KEY,
        settings.WECHAT_PLATFORM_KEYS,
    )


@lru_cache(maxsize=4)
def _read(
    appid: str, mchid: str, private_key: str, serial: str, api_key: str, platform_keys: str
) -> Merchant | str:
    """Return the account, or a sentence on why not, which never repeats a secret."""
    values = (appid, mchid, private_key, serial, api_key, platform_keys)
    given = dict(zip(_NAMES, values, strict=True))
    missing = [_NAMES[name] for name, value in given.items() if not value]
    if missing:
        return f"{', '.join(missing)} must be set"
    if len(api_key.encode()) != 32:
        return f"{_NAMES['api_key']} must have 32 characters"
    try:
        ours = _private_key(private_key)
    except (OSError, ValueError, TypeError) as error:
        return f"{_NAMES['private_key']} is no readable RSA key ({type(error).__name__})"
    theirs: dict[str, RSAPublicKey] = {}
    for entry in platform_keys.split(","):
        key_id, _, source = entry.strip().partition("=")
        try:
            theirs[key_id.strip()] = _public_key(source)
        except (OSError, ValueError, TypeError) as error:
            told = f"{_NAMES['platform_keys']}: {key_id[:60]!r} has no readable RSA key"
            return f"{told} ({type(error).__name__})"
    return Merchant(
        appid=appid,
        mchid=mchid,
        serial=serial,
        private_key=ours,
        api_key=api_key.encode(),
        platform_keys=theirs,
    )


def _pem(source: str) -> bytes:
    """Return PEM text that is given itself, or as the name of its file."""
    source = source.strip()
    if not source:
        raise ValueError("nothing is given")
    if source.startswith("-----BEGIN"):
        return source.replace("\\n", "\n").encode()
    return Path(source).read_bytes()


def _private_key(source: str) -> RSAPrivateKey:
    key = serialization.load_pem_private_key(_pem(source), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key


def _public_key(source: str) -> RSAPublicKey:
    """Read a public key, or the one inside a platform certificate."""
    pem = _pem(source)
    key: object
    if b"BEGIN CERTIFICATE" in pem:
        key = x509.load_pem_x509_certificate(pem).public_key()
    else:
        key = serialization.load_pem_public_key(pem)
    if not isinstance(key, RSAPublicKey):
        raise TypeError("not an RSA key")
    return key
