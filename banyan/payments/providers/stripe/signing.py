"""The signature of Stripe's events, and our own seal on what we hand to Stripe.

Source: https://docs.stripe.com/webhooks#verify-manually
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from ...problems import ForgedMessage

TOLERANCE = 300  # seconds between the signature and now, either way
_SALT = "banyan.payments.stripe"
_TIME = re.compile(r"[0-9]{1,12}")


def verify(header: str, body: bytes, *, secrets: Sequence[str], now: float) -> None:
    """Check a ``Stripe-Signature`` header over the raw body; ForgedMessage when it does not hold.

    ``t=<seconds>,v1=<hex>``: HMAC-SHA256 of ``<t>.<body>`` under any of ``secrets`` (two while one
    is being replaced), not more than ``TOLERANCE`` seconds away from ``now``.
    """
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    given = [value.encode() for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not _TIME.fullmatch(times[0]) or not given:
        raise ForgedMessage(detail="stripe: no signature in the header")
    signed = times[0].encode() + b"." + body
    wanted = [
        hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode() for secret in secrets
    ]
    if not any(hmac.compare_digest(one, other) for one in wanted for other in given):
        raise ForgedMessage(detail="stripe: the signature does not hold")
    if abs(now - int(times[0])) > TOLERANCE:
        raise ForgedMessage(detail="stripe: the signature is too old")


def sealed(reference: str) -> dict[str, str]:
    """Return the metadata under which a payment or refund of ours is known again.

    The seal tells our references from those of another installation on the same account.
    """
    return {"reference": reference, "seal": _seal(reference, settings.SECRET_KEY)}


def opened(metadata: Mapping[str, str] | None) -> str:
    """Return our reference from ``metadata``; empty when it is not one that we wrote."""
    found = metadata or {}
    reference, seal = str(found.get("reference", "")), str(found.get("seal", ""))
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if reference and constant_time_compare(_seal(reference, key), seal):
            return reference
    return ""


def _seal(reference: str, key: str) -> str:
    return salted_hmac(_SALT, reference, secret=key, algorithm="sha256").hexdigest()[:32]
