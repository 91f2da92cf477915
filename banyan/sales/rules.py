"""Pure rules of sales."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from banyan.kernel import fairness
from banyan.kernel.proofs import Frozen, drawn_file, fingerprint

BASELINE = dt.timedelta(days=7)
WARM_UP = dt.timedelta(minutes=15)
PLACES = 10**9
"""A waiting room has a place for everybody."""


def baseline(
    prices: Sequence[tuple[dt.datetime, int]], now: dt.datetime, span: dt.timedelta = BASELINE
) -> int | None:
    """Return the lowest price that was asked in ``span`` before ``now``; None when none is known.

    ``prices`` are (from when on, minor units); the one that was asked when it began counts.
    """
    begins = now - span
    before = [(at, amount) for at, amount in prices if at <= begins]
    within = [amount for at, amount in prices if begins < at <= now]
    if before:
        within.append(max(before)[1])
    return min(within, default=None)


def most_of_one(rights: int, left: int, room: int) -> int:
    """Return how many units somebody may have: those of their ``rights``, and of what is ``left``.

    ``room``: how many more than they have had one person may have in the sale. Below zero two
    accounts that have turned out to be one person's have too many, and these get none.
    """
    return rights + max(0, min(left, room)) if room >= 0 else 0


def waits_until(starts_at: dt.datetime, first_seconds: int) -> dt.datetime:
    """Return when the order of those who came first is drawn, and the first may buy."""
    return starts_at + dt.timedelta(seconds=first_seconds)


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
            "rule": "draw/1",
            "prizes": [],
            "runners": PLACES,
            "starts_at": self.starts_at,
            "first_seconds": self.first_seconds,
            "source": "none",
        }

    @property
    def published(self) -> str:
        """The fingerprint of the terms, which is public before anybody comes."""
        return fingerprint(self.terms)

    def order(self, frozen: Frozen, seed: bytes) -> list[str]:
        """Return the ids of all who came early, in the order in which they are let in."""
        key = fairness.draw_key(seed=seed, root=frozen.root, randomness="", draw_id=self.subject)
        return [entrant.id for entrant in fairness.draw(frozen.entries, key)]

    def proof(self, frozen: Frozen, order: Sequence[str], seed: bytes) -> str:
        """Return the proof file: everybody who came early, by the ids of their entries."""
        return drawn_file(self.terms, frozen, seed=seed, result=order)
