"""Webhook signatures after the Standard Webhooks scheme, version 1 (HMAC-SHA256)."""

from __future__ import annotations

import base64
import hashlib
import hmac

from sandbox.settings import check_secret


class Signer:
    """Signs webhook bodies with one ``whsec_`` secret."""

    def __init__(self, secret: str) -> None:
        """Decode the secret; an unfit one raises UnfitSettings."""
        self._key = check_secret(secret)

    def headers(self, *, message_id: str, at: int, body: bytes) -> dict[str, str]:
        """Return the three headers for a body sent at ``at`` (seconds since 1970)."""
        signed = f"{message_id}.{at}.".encode() + body
        digest = hmac.new(self._key, signed, hashlib.sha256).digest()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
