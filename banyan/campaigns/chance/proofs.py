"""Proof files: one canonical JSON text per draw, packet, bargain, pack, wheel or waiting room.

A file is whole: the terms and the fingerprints that were published beforehand, what was frozen,
the seed, and the result. Whoever has it can repeat everything: ``banyan/campaigns/verifier.py``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from banyan.kernel import fairness

FORMAT = "banyan-proof/1"
MOST = 10**15
"""The largest integer of a proof: above it browsers no longer count exactly."""


def canonical(value: Any) -> str:
    """Return the one text of ``value``: keys sorted, no spaces, integers only.

    ValueError for fractions, for integers beyond MOST, and for what is not JSON.
    """
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def fingerprint(value: Any) -> str:
    """Return SHA-256 (hex) of the canonical text of ``value``."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def subkey(seed: bytes, label: str) -> bytes:
    """Return HMAC-SHA256(seed, label): the key of one use of a seed."""
    if len(seed) != fairness.SEED_BYTES:
        raise ValueError("a seed has 32 bytes")
    return hmac.digest(seed, label.encode(), "sha256")


def parts_commitment(parts: Sequence[int], seed: bytes) -> str:
    """Return what is published about parts that are split beforehand: hash of ``[seed, parts]``.

    The seed is the salt: who knows some of the parts cannot try out the others.
    """
    return fingerprint([seed.hex(), list(parts)])


def proof_of_parts(*, terms: Mapping[str, Any], parts: Sequence[int], seed: bytes) -> str:
    """Return the proof file of parts that were split beforehand: a packet, a bargain, a pack."""
    published = {
        "seed": fairness.commitment(seed),
        "terms": fingerprint(terms),
        "parts": parts_commitment(parts, seed),
    }
    return proof_file(terms=terms, seed=seed.hex(), published=published, result=list(parts))


def proof_file(**entries: Any) -> str:
    """Return the text of a proof file with these ``entries``."""
    return canonical({"format": FORMAT, **entries})


def _check(value: Any) -> None:
    """Raise ValueError for what would not read back the same everywhere."""
    if value is None or isinstance(value, str):
        return
    if isinstance(value, int) and not isinstance(value, bool):
        if abs(value) > MOST:
            raise ValueError(f"{value} is too large for a proof")
    elif isinstance(value, Mapping):
        for key, inside in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"not a key of a proof: {key!r}")
            _check(inside)
    elif isinstance(value, list | tuple):
        for inside in value:
            _check(inside)
    else:
        raise ValueError(f"not for a proof: {value!r}")
