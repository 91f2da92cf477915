"""What is split beforehand: a packet, a bargain, a pack."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from banyan.kernel import fairness
from banyan.kernel.proofs import fingerprint, proof_file


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
