"""Separate key rings for cookies, webhooks, streams, seeds and kept answers, by the secret keys.

A leak of one ring says nothing about another (HKDF with the ring's name). The newest secret signs
and seals; ``SECRET_KEY_FALLBACKS`` still open what older ones made, so secrets can be rotated.
"""

from __future__ import annotations

import base64
import datetime as dt
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core import signing

from .rings import Ring, derive

__all__ = ["BadSeal", "Ring", "keys", "reseal", "seal", "sign", "unseal", "unsign"]


class BadSeal(ValueError):  # noqa: N818 - named for what it says
    """Sealed or signed by another ring, by a retired secret, changed on the way, or too old."""


def sign(ring: Ring, value: str) -> str:
    """Return ``value`` with the time and a signature; readable by anyone, made only by us."""
    return _signer(ring).sign(value)


def unsign(ring: Ring, signed: str, *, max_age: dt.timedelta | None = None) -> str:
    """Return the value of :func:`sign`; BadSeal when it is not genuine or older than max_age."""
    try:
        return _signer(ring).unsign(signed, max_age=max_age)
    except signing.BadSignature as error:
        raise BadSeal(str(error)) from error


def seal(ring: Ring, secret: bytes) -> bytes:
    """Encrypt ``secret`` for storage."""
    return _box(ring).encrypt(secret)


def unseal(ring: Ring, sealed: bytes | memoryview) -> bytes:
    """Return what was sealed; BadSeal when no key of the ring opens it."""
    try:
        return _box(ring).decrypt(bytes(sealed))
    except InvalidToken as error:
        raise BadSeal("no key of the ring opens it") from error


def reseal(ring: Ring, sealed: bytes | memoryview) -> bytes:
    """Encrypt again with the newest key, before an old secret is retired."""
    try:
        return _box(ring).rotate(bytes(sealed))
    except InvalidToken as error:
        raise BadSeal("no key of the ring opens it") from error


def keys(ring: Ring) -> list[bytes]:
    """Return the 32-byte keys of ``ring``, newest first."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_derive(ring, str(secret)) for secret in secrets]


_derive = lru_cache(maxsize=64)(derive)


def _box(ring: Ring) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys(ring)])


def _signer(ring: Ring) -> signing.TimestampSigner:
    newest, *older = (key.hex() for key in keys(ring))
    return signing.TimestampSigner(key=newest, fallback_keys=[*older], salt=f"banyan.{ring}")
