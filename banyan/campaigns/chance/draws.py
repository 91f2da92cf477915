"""Scheduled draws: commit, freeze, reveal; the order of winners and runners-up, and the proof."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.kernel import fairness
from banyan.kernel.proofs import Frozen, drawn_file

RULE = "draw/2"
NONE, MEMBERS, BEACON = "none", "members", "beacon"
"""Where public randomness comes from: nowhere; words of members, which are in the root; a beacon's
value, besides such words."""
SOURCES = (NONE, MEMBERS, BEACON)


@dataclass(frozen=True, kw_only=True)
class Draw:
    """What is published of a draw before it opens.

    ``prizes``: (id, how many), the best first. ``runners``: how many follow the winners, in the
    order in which they move up. ``source``: one of SOURCES; BEACON with ``beacon`` naming it and
    the future round, like "drand CHAIN 123456", which is waited for ``patience`` hours; a beacon
    that is silent for longer is done without. ``closes_at``: ISO 8601, UTC.
    """

    subject: int
    prizes: tuple[tuple[str, int], ...]
    closes_at: str
    runners: int = 0
    source: str = NONE
    beacon: str = ""
    patience: int = 0

    def __post_init__(self) -> None:
        if self.source not in SOURCES or (self.source == BEACON) != bool(self.beacon):
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
            "patience": self.patience,
            "closes_at": self.closes_at,
        }


def randomness(draw: Draw, signature: str) -> str:
    """Return what comes from outside: SHA-256 of a beacon's signature (hex); "" if it was silent.

    ValueError for a signature where no beacon was named.
    """
    if signature and draw.source != BEACON:
        raise ValueError("no beacon was named")
    return hashlib.sha256(bytes.fromhex(signature)).hexdigest() if signature else ""


def drawn(draw: Draw, frozen: Frozen, *, seed: bytes, signature: str = "") -> list[str]:
    """Return ids of winners, best prize first, and after them the runners-up."""
    luck = randomness(draw, signature)
    key = fairness.draw_key(seed=seed, root=frozen.root, randomness=luck, draw_id=draw.subject)
    places = len(prizes_of(draw)) + draw.runners
    return [entrant.id for entrant in fairness.draw(frozen.entries, key, places)]


def prizes_of(draw: Draw) -> list[str]:
    """Return every single prize by its id, the best first."""
    return [prize for prize, many in draw.prizes for _ in range(many)]


def winners(draw: Draw, order: Sequence[str]) -> list[tuple[str, str]]:
    """Return (id, prize) of those who win; the rest of ``order`` are the runners-up."""
    return list(zip(order, prizes_of(draw), strict=False))


def proof(draw: Draw, frozen: Frozen, *, seed: bytes, signature: str = "") -> str:
    """Return the proof file of a draw. ``signature``: what the named beacon said, or "" ."""
    return drawn_file(
        draw.terms,
        frozen,
        seed=seed,
        result=drawn(draw, frozen, seed=seed, signature=signature),
        randomness=randomness(draw, signature),
        signature=signature,
    )
