"""Web push: one encrypted message to one browser, through its maker's push service.

RFC 8291 (the body, by ``http-ece``), RFC 8292 (who we are, by ``py-vapid``), RFC 8030 (TTL, Topic,
Urgency). The endpoint is an address that a browser gave us, so it is reached like any address
that a stranger wrote: ``media.fetching``.
"""

from __future__ import annotations

import base64
import time
from enum import StrEnum
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]  # it has no types
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db.models import QuerySet
from py_vapid import Vapid02  # type: ignore[import-untyped]  # as above

from banyan.kernel import clock, keyrings
from banyan.kernel.keyrings import Ring
from banyan.kernel.remembered import remembered
from banyan.media.fetching import NotFetched, post

from .models import PushKey, PushSubscription

GOOD_FOR = 12 * 3600  # the services refuse signatures that are good for more than a day
LONGEST = 3000  # every service takes 4096 bytes, encrypted


class Answer(StrEnum):
    """What became of a push.

    gone: the browser does not exist any more. refused: the service does not want it from us;
    three times in a row means gone (Apple answers so). later: another time it may work. failed:
    it will not work, and says nothing about the browser.
    """

    SENT = "sent"
    GONE = "gone"
    REFUSED = "refused"
    LATER = "later"
    FAILED = "failed"


def encode(raw: bytes) -> str:
    """Return bytes as base64url without padding, as browsers write keys."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of :func:`encode`; ValueError when it is none."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def current_key() -> PushKey:
    """Return the pair whose public half browsers are given; made when there is none."""
    return _newest.first() or new_key()


@remembered
def _newest() -> QuerySet[PushKey]:
    return PushKey.objects.order_by("-id")[:1]


def new_key() -> PushKey:
    """Make a pair that counts from now on. Browsers that know an older one keep working."""
    private = ec.generate_private_key(ec.SECP256R1())
    raw = private.private_numbers().private_value.to_bytes(32, "big")
    public = private.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    return PushKey.objects.create(
        private=keyrings.seal(Ring.PUSH, raw), public=encode(public), created_at=clock.now()
    )


def is_browser(endpoint: str, p256dh: str, auth: str) -> bool:
    """Tell whether a subscription has the form of one: an https address, a point and 16 bytes."""
    try:
        parts = urlsplit(endpoint)
        point, secret = decode(p256dh), decode(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        allowed = parts.netloc.lower() in settings.FETCH_ALLOWED_HOSTS
    except ValueError:
        return False
    return (parts.scheme == "https" or allowed) and bool(parts.netloc) and len(secret) == 16


def send(browser: PushSubscription, payload: bytes, *, ttl: int, topic: str) -> Answer:
    """Send one message; outside any transaction, at most ten seconds. ``payload``: LONGEST bytes.

    A later message of the same ``topic`` takes the place of one that was not shown yet.
    """
    body = http_ece.encrypt(
        payload,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decode(browser.p256dh),
        auth_secret=decode(browser.auth),
        version="aes128gcm",
    )
    headers = {
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(ttl),
        "Topic": topic[:32],
        "Urgency": "normal",
        **_signed(browser),
    }
    try:
        status = post(browser.endpoint, body=body, headers=headers)
    except NotFetched as error:
        return Answer.LATER if error.passing else Answer.FAILED
    return _meaning(status)


def _meaning(status: int) -> Answer:
    if 200 <= status < 300:
        return Answer.SENT
    if status in (404, 410):
        return Answer.GONE
    if status == 403:
        return Answer.REFUSED
    return Answer.LATER if status in (408, 425, 429) or status >= 500 else Answer.FAILED


def _signed(browser: PushSubscription) -> dict[str, str]:
    parts = urlsplit(browser.endpoint)
    raw = keyrings.unseal(Ring.PUSH, browser.key.private)
    signer = Vapid02.from_raw(encode(raw).encode())
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(time.time()) + GOOD_FOR,  # by the clock of the services, not by ours
        "sub": settings.PUSH_CONTACT,
    }
    headers: dict[str, str] = signer.sign(claims)
    return headers
