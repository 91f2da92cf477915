"""Scheduled draws: commit, freeze, reveal; and the proof files of draws, entries, waiting rooms."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from banyan.kernel import fairness
from banyan.kernel.fairness import Entrant

from . import proofs

RULE = "draw/1"
PLACES = 10**9
"""A waiting room has a place for everybody."""
NONE, MEMBERS, BEACON = "none", "members", "beacon"
"""Where public randomness comes from: nowhere, from members, or from a named beacon's value."""


class Void(NamedTuple):
    """An entry that was declared void before the freeze, and the code of its reason."""

    id: str
    reason: str


class Part(NamedTuple):
    """A member's part in the randomness: SHA-256 of ``value`` was given before the freeze."""

    who: str
    commitment: str
    value: str


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What is published of a draw before it opens.

    ``prizes``: (id, how many), the best first. ``runners``: how many follow the winners, in the
    order in which they move up. ``source``: NONE, MEMBERS, or BEACON with ``beacon`` naming it and
    the future round or time, like "drand quicknet 123456". ``closes_at``: ISO 8601, UTC.
    """

    subject: int
    prizes: tuple[tuple[str, int], ...]
    closes_at: str
    runners: int = 0
    source: str = NONE
    beacon: str = ""

    def __post_init__(self) -> None:
        if self.source not in (NONE, MEMBERS, BEACON) or (self.source == BEACON) != bool(
            self.beacon
        ):
            raise ValueError(f"not a source of randomness: {self.source!r} {self.beacon!r}")
        if not self.prizes or any(many < 1 for _, many in self.prizes) or self.runners < 0:
            raise ValueError("a draw has prizes")

    @property
    def terms(self) -> Mapping[str, Any]:
        """The terms as they stand in the proof file."""
        return {
            "kind": "draw",
            "subject": str(self.subject),
            "rule": RULE,
            "prizes": [list(prize) for prize in self.prizes],
            "runners": self.runners,
            "source": self.source,
            "beacon": self.beacon,
            "closes_at": self.closes_at,
        }


@dataclass(frozen=True, kw_only=True)
class Room:
    """A waiting room: who comes before ``first_seconds`` have passed is put in an order by chance.

    ``starts_at``: ISO 8601, UTC.
    """

    subject: int
    starts_at: str
    first_seconds: int

    @property
    def terms(self) -> Mapping[str, Any]:
        """The terms as they stand in the proof file."""
        return {
            "kind": "room",
            "subject": str(self.subject),
            "rule": RULE,
            "prizes": [],
            "runners": PLACES,
            "starts_at": self.starts_at,
            "first_seconds": self.first_seconds,
            "source": NONE,
        }

    def proof(self, entries: Iterable[str], *, seed: bytes) -> str:
        """Return the proof file: everybody who came early, by the ids of their entries."""
        frozen = freeze(Entrant(id) for id in entries)
        key = fairness.draw_key(seed=seed, root=frozen.root, randomness="", draw_id=self.subject)
        order = [entrant.id for entrant in fairness.draw(frozen.entries, key)]
        return _file(self.terms, frozen, seed, order)


@dataclass(frozen=True)
class Frozen:
    """A list that has closed: what is published of it before the seed is opened."""

    entries: list[Entrant]
    voids: list[Void]

    @property
    def root(self) -> str:
        """The Merkle root over the entries."""
        return fairness.merkle_root(self.entries)

    @property
    def voids_hash(self) -> str:
        """The fingerprint of the list of voids."""
        return proofs.fingerprint([list(void) for void in self.voids])

    def entry_proof(self, index: int) -> str:
        """Return the proof file that entry ``index`` is in the list, for its owner."""
        steps = fairness.inclusion_proof(self.entries, index)
        return proofs.proof_file(
            entry=list(self.entries[index]),
            steps=[["left" if step.on_left else "right", step.sibling] for step in steps],
            published={"root": self.root},
        )


def freeze(entries: Iterable[Entrant], voids: Iterable[Void] = ()) -> Frozen:
    """Return the canonical lists. ValueError for doubles, and for an entry that is void too."""
    frozen = fairness.freeze(entries)
    declared = sorted(voids, key=lambda void: void.id.encode())
    if sum(entry.weight for entry in frozen) > proofs.MOST:
        raise ValueError("the weights are too large for a proof")
    gone = {void.id for void in declared}
    if len(gone) < len(declared) or any(entry.id in gone for entry in frozen):
        raise ValueError("an entry is void, or it is not")
    return Frozen(frozen, declared)


def contributed(parts: Sequence[Part]) -> str:
    """Return the randomness of MEMBERS, the fingerprint of all; ValueError if one is false."""
    for part in parts:
        if hashlib.sha256(part.value.encode()).hexdigest() != part.commitment:
            raise ValueError(f"{part.who} gave something else than they had promised")
    return proofs.fingerprint([list(part) for part in parts])


def drawn(
    draw: Draw,
    frozen: Frozen,
    *,
    seed: bytes,
    randomness: str = "",
) -> list[str]:
    """Return ids of winners, best prize first, and after them the runners-up."""
    key = fairness.draw_key(
        seed=seed, root=frozen.root, randomness=randomness, draw_id=draw.subject
    )
    places = sum(many for _, many in draw.prizes) + draw.runners
    return [entrant.id for entrant in fairness.draw(frozen.entries, key, places)]


def winners(draw: Draw, order: Sequence[str]) -> list[tuple[str, str]]:
    """Return (id, prize) of those who win; the rest of ``order`` are the runners-up."""
    prizes = [prize for prize, many in draw.prizes for _ in range(many)]
    return list(zip(order, prizes, strict=False))


def proof(
    draw: Draw,
    frozen: Frozen,
    *,
    seed: bytes,
    randomness: str = "",
    parts: Sequence[Part] = (),
) -> str:
    """Return the proof file of a draw. ``parts``: of MEMBERS, whose ``contributed`` is taken."""
    if draw.source == MEMBERS:
        randomness = contributed(parts)
    result = drawn(draw, frozen, seed=seed, randomness=randomness)
    return _file(draw.terms, frozen, seed, result, randomness, parts)


def _file(
    terms: Mapping[str, Any],
    frozen: Frozen,
    seed: bytes,
    result: list[str],
    randomness: str = "",
    parts: Sequence[Part] = (),
) -> str:
    return proofs.proof_file(
        terms=terms,
        seed=seed.hex(),
        entries=[list(entry) for entry in frozen.entries],
        voids=[list(void) for void in frozen.voids],
        randomness=randomness,
        parts=[list(part) for part in parts],
        result=result,
        published={
            "seed": fairness.commitment(seed),
            "terms": proofs.fingerprint(terms),
            "root": frozen.root,
            "voids": frozen.voids_hash,
        },
    )
