"""Proof files: one canonical JSON text per draw, packet, bargain, pack, wheel or waiting room.

A file is whole: the terms and the fingerprints that were published beforehand, what was frozen,
the seed, and the result. Whoever has it can repeat everything: ``banyan/campaigns/verifier.py``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
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


class Split(ABC):
    """Something that is split beforehand: a packet, a bargain, a pack."""

    @property
    @abstractmethod
    def terms(self) -> Mapping[str, Any]:
        """The terms as they stand in the proof file."""

    @abstractmethod
    def parts(self, seed: bytes) -> list[int]:
        """Return the parts in the order in which they are taken, in minor units."""

    def published(self, seed: bytes) -> dict[str, str]:
        """Return the fingerprints that are published when it begins: of seed, terms and parts.

        The seed is the salt of the last one: who knows some parts cannot try out the others.
        """
        return {
            "seed": fairness.commitment(seed),
            "terms": fingerprint(self.terms),
            "parts": fingerprint([seed.hex(), self.parts(seed)]),
        }

    def proof(self, seed: bytes) -> str:
        """Return the proof file, for when all is taken or it is over."""
        return proof_file(
            terms=self.terms,
            seed=seed.hex(),
            published=self.published(seed),
            result=self.parts(seed),
        )


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
