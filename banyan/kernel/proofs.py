"""Proof files: one canonical JSON text for everything that was decided by chance.

A file is whole: the terms and the fingerprints that were published beforehand, what was frozen,
the seed, and the result. Whoever has it can repeat everything, by docs/explanation/fair-chance.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import fairness
from .fairness import Entrant

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


def proof_file(**entries: Any) -> str:
    """Return the text of a proof file with these ``entries``."""
    return canonical({"format": FORMAT, **entries})


class Void(NamedTuple):
    """An entry that was declared void before the freeze, and the code of its reason."""

    id: str
    reason: str


@dataclass(frozen=True)
class Frozen:
    """A list that has closed: what is published of it before the seed is opened."""

    entries: Sequence[Entrant]
    voids: Sequence[Void]

    @property
    def root(self) -> str:
        """The Merkle root over the entries."""
        return fairness.merkle_root(self.entries)

    @property
    def voids_hash(self) -> str:
        """The fingerprint of the list of voids."""
        return fingerprint([list(void) for void in self.voids])

    @property
    def rows(self) -> list[list[Any]]:
        """The entries as they stand in a file: [id, weight], and the word of who gave one."""
        return [[*entry[:2], *([entry.word] if entry.word else [])] for entry in self.entries]

    def entry_proof(self, index: int) -> str:
        """Return the proof file that entry ``index`` is in the list, for its owner."""
        steps = fairness.inclusion_proof(self.entries, index)
        return proof_file(
            entry=self.rows[index],
            steps=[["left" if step.on_left else "right", step.sibling] for step in steps],
            published={"root": self.root},
        )


def freeze(entries: Iterable[Entrant], voids: Iterable[Void] = ()) -> Frozen:
    """Return the canonical lists. ValueError for doubles, and for an entry that is void too."""
    frozen = fairness.freeze(entries)
    declared = sorted(voids, key=lambda void: void.id.encode())
    if sum(entry.weight for entry in frozen) > MOST:
        raise ValueError("the weights are too large for a proof")
    gone = {void.id for void in declared}
    if len(gone) < len(declared) or any(entry.id in gone for entry in frozen):
        raise ValueError("an entry is void, or it is not")
    return Frozen(frozen, declared)


def drawn_file(
    terms: Mapping[str, Any],
    frozen: Frozen,
    *,
    seed: bytes,
    result: Sequence[str],
    randomness: str = "",
    signature: str = "",
) -> str:
    """Return the proof file of an order drawn from a list; ``result`` are ids in that order.

    ``randomness`` is SHA-256 of what a beacon said (``signature``), both in hex, or empty.
    """
    return proof_file(
        terms=terms,
        seed=seed.hex(),
        entries=frozen.rows,
        voids=[list(void) for void in frozen.voids],
        randomness=randomness,
        signature=signature,
        result=list(result),
        published={
            "seed": fairness.commitment(seed),
            "terms": fingerprint(terms),
            "root": frozen.root,
            "voids": frozen.voids_hash,
        },
    )


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
