"""How the keys of a ring are made from the secret keys: without Django, for every process."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from enum import StrEnum

DEVELOPMENT_SECRET = "development-only-not-a-secret"  # noqa: S105 (it says so itself)


class Ring(StrEnum):
    """What a key may be used for."""

    COOKIES = "cookies"
    WEBHOOKS = "webhooks"
    DRAWS = "draws"
    STREAMS = "streams"
    ANSWERS = "answers"
    INVITES = "invites"
    DELIVERY = "delivery"
    PAYERS = "payers"
    PUSH = "push"
    CONTACTS = "contacts"
    EXPERIMENTS = "experiments"
    PREVIEWS = "previews"
    PERSONS = "persons"
    PAYOUTS = "payouts"


def derive(ring: Ring, secret: str) -> bytes:
    """Return the ring's 32-byte key of one secret: HKDF-SHA256 (RFC 5869), one block."""
    extracted = hmac.digest(b"banyan", secret.encode(), hashlib.sha256)
    return hmac.digest(extracted, f"ring:{ring}".encode() + b"\x01", hashlib.sha256)


def keys_from(environment: Mapping[str, str], ring: Ring) -> list[bytes]:
    """Return a ring's keys by the same variables that Django's settings read, newest first."""
    newest = environment.get("BANYAN_SECRET_KEY") or DEVELOPMENT_SECRET
    older = environment.get("BANYAN_OLD_SECRET_KEYS", "").split(",")
    return [derive(ring, secret) for secret in (newest, *filter(None, older))]
