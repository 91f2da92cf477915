"""The first-party visitor id: a random name for a browser, signed, and only where consent allows.

Without it nothing is refused: credit then travels in the link and the order alone.
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.core.signals import setting_changed
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from banyan.kernel import keyrings

VISITOR_COOKIE = "banyan_visitor"
CONSENT_COOKIE = "banyan_consent"
COOKIE_AGE = 180 * 24 * 60 * 60
_ATTRIBUTES = f"; Path=/; Max-Age={COOKIE_AGE}; HttpOnly; SameSite=Lax"
_ID_LENGTH = 16
_LOT = 256
_MAC_LENGTH = 32
_fresh: list[str] = []
os.register_at_fork(after_in_child=_fresh.clear)


def new_visitor() -> str:
    """Return a fresh visitor id of 96 random bits; it says nothing about the person."""
    try:
        return _fresh.pop()
    except IndexError:
        # Drawn in lots: each call to the system's source lets go of the interpreter lock, which
        # costs a busy server more than the draw.
        drawn = urlsafe_b64encode(os.urandom(12 * _LOT)).decode()
        ids = [drawn[start : start + _ID_LENGTH] for start in range(0, len(drawn), _ID_LENGTH)]
        _fresh.extend(ids[1:])
        return ids[0]


def sign_visitor(visitor: str) -> str:
    """Return the cookie value that :func:`read_visitor` accepts for ``visitor``."""
    return f"{visitor}.{_mac(visitor, _keyed()[0])}"


def read_visitor(cookie: str) -> str | None:
    """Return the visitor id of a cookie value, or None when we did not make it."""
    if len(cookie) != _ID_LENGTH + 1 + _MAC_LENGTH or not cookie.isascii():
        return None
    visitor, _dot, mac = cookie.partition(".")
    for keyed in _keyed():
        if hmac.compare_digest(_mac(visitor, keyed), mac):
            return visitor
    return None


def may_identify(consent: str | None) -> bool:
    """Tell whether a persistent id may be kept, by the market's mode and the consent cookie.

    Mode none: always. notice: unless refused ("no"). opt_in: only after "yes".
    """
    mode = _mode()
    if mode == "opt_in":
        return consent == "yes"
    return mode == "none" or consent != "no"


def visitor_for(request: HttpRequest) -> str | None:
    """Return the visitor id of a page request, if there is one and it may be used."""
    if not may_identify(request.COOKIES.get(CONSENT_COOKIE)):
        return None
    return read_visitor(request.COOKIES.get(VISITOR_COOKIE, ""))


def remember(response: HttpResponseBase, visitor: str, *, secure: bool) -> None:
    """Set the visitor cookie on a Django response; ask :func:`may_identify` first."""
    response.set_cookie(
        VISITOR_COOKIE,
        sign_visitor(visitor),
        max_age=COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=secure,
    )


def cookie_header(visitor: str, *, secure: bool) -> str:
    """Return the Set-Cookie value for answers that are made without Django."""
    return f"{VISITOR_COOKIE}={sign_visitor(visitor)}{_ATTRIBUTES}{'; Secure' if secure else ''}"


def _mac(visitor: str, keyed: blake2b) -> str:
    mac = keyed.copy()
    mac.update(visitor.encode())
    return mac.hexdigest()


@lru_cache(maxsize=1)
def _keyed() -> tuple[blake2b, ...]:
    """A MAC that has taken in its key, to copy: the one that signs, then retired ones."""
    # Keyed BLAKE2b is a MAC by itself, at half the cost of HMAC-SHA256 on so short a message.
    return tuple(
        blake2b(key=key, digest_size=16, person=b"banyan visitor")
        for key in keyrings.keys(keyrings.Ring.COOKIES)
    )


@lru_cache(maxsize=1)
def _mode() -> str:
    """The market's mode; asking Django's settings costs more than all else that is asked here."""
    return str(settings.CONSENT_MODE)


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting.startswith("SECRET_KEY"):
        _keyed.cache_clear()
    elif setting == "CONSENT_MODE":
        _mode.cache_clear()


setting_changed.connect(_forget)
