"""The payer's id at a provider, and their network address: sealed where it must be said again.

Elsewhere only a mark of it is kept.

A mark tells the same payer from another one and says nothing else: it is a keyed hash.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256

from banyan.kernel import keyrings
from banyan.kernel.keyrings import Ring

_LENGTH = 32
_SEALED = {"payer_ref": "payer", "client_ip": "place"}


def mark(payer_ref: str) -> str:
    """Return the mark of a payer's id."""
    key = keyrings.keys(Ring.PAYERS)[0]
    return hmac.digest(key, payer_ref.encode(), sha256).hex()[:_LENGTH]


def sealed(context: Mapping[str, str]) -> dict[str, str]:
    """Return a ``context`` of ``Provider.start`` as it may be kept: who and where, sealed.

    ``payer`` and ``place`` are the marks of ``payer_ref`` and ``client_ip``, where they are given.
    """
    kept = dict(context)
    for said, name in _SEALED.items():
        value = kept.pop(said, "")
        if value:
            box = keyrings.seal(Ring.PAYERS, value.encode())
            kept |= {name: mark(value), f"{name}_sealed": box.decode()}
    return kept


def opened(kept: Mapping[str, str]) -> dict[str, str]:
    """Return the context that :func:`sealed` kept. BadSeal when its key is gone."""
    context = dict(kept)
    for said, name in _SEALED.items():
        box = context.pop(f"{name}_sealed", "")
        if box:
            context[said] = keyrings.unseal(Ring.PAYERS, box.encode()).decode()
    return context
