"""The payer's id at a provider: sealed where it must be said again, else only a mark of it.

A mark tells the same payer from another one and says nothing else: it is a keyed hash.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

from banyan.kernel import keyrings
from banyan.kernel.keyrings import Ring

_LENGTH = 32


def mark(payer_ref: str) -> str:
    """Return the mark of a payer's id."""
    key = keyrings.keys(Ring.PAYERS)[0]
    return hmac.digest(key, payer_ref.encode(), sha256).hex()[:_LENGTH]


def sealed(context: Mapping[str, str]) -> dict[str, str]:
    """Return a ``context`` of ``Provider.start`` as it may be kept: ``payer_ref`` sealed.

    ``payer`` and ``place`` are the marks of ``payer_ref`` and ``client_ip``, where they are given.
    """
    kept = dict(context)
    payer_ref = kept.pop("payer_ref", "")
    if payer_ref:
        box = keyrings.seal(Ring.PAYERS, payer_ref.encode())
        kept |= {"payer": mark(payer_ref), "payer_sealed": box.decode()}
    if kept.get("client_ip"):
        kept["place"] = mark(kept["client_ip"])
    return kept


def opened(kept: Mapping[str, str]) -> dict[str, str]:
    """Return the context that :func:`sealed` kept. BadSeal when its key is gone."""
    context = dict(kept)
    box = context.pop("payer_sealed", "")
    if box:
        context["payer_ref"] = keyrings.unseal(Ring.PAYERS, box.encode()).decode()
    return context
