"""Digests of keys: enough to know one again, nothing to read."""

from __future__ import annotations

import hmac
from hashlib import sha256

from banyan.kernel import keyrings
from banyan.kernel.keyrings import Ring

from .rules import Key


def digests(key: Key) -> list[str]:
    """Return the digest of a key under each secret that is still in use, the newest first.

    An edge is written under all of them, so that a change of the secret loses nobody.
    """
    text = f"{key.kind}|{key.value}".encode()
    return [hmac.digest(secret, text, sha256).hex() for secret in keyrings.keys(Ring.PERSONS)]
