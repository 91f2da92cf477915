"""Instant wins: the n-th turn of a wheel is decided before anybody turns it.

Weights are integers, ranges are half-open, and "nothing" is a prize like any other, so that every
number leads to exactly one. Stock is the caller's: a conditional UPDATE says whether a prize is
still there, else what was declared in its place is given. Turns count on without a gap, in the
order in which they take from the stock. Each hands out a receipt that chains to the one before,
so that the log cannot be changed afterwards.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple

from banyan.kernel import fairness, proofs
from banyan.kernel.fairness import below, stream

RULE = "wheel/1"
NOTHING = "nothing"


class Prize(NamedTuple):
    """``weight`` of all weights is its chance; ``stock`` None: as many as are won.

    When it is out of stock ``instead`` is given, another prize's id.
    """

    id: str
    weight: int
    stock: int | None = None
    instead: str = NOTHING


class Turn(NamedTuple):
    """One turn: ``who`` is opaque, ``given`` the id of a prize."""

    who: str
    given: str


@dataclass(frozen=True)
class Wheel:
    """What is published of an instant win before it opens.

    ValueError without "nothing", whose stock has no end; for doubles, weights that are not
    positive ("nothing" may have 0), and substitutes that do not end.
    """

    subject: int
    prizes: tuple[Prize, ...]

    def __post_init__(self) -> None:
        by_id = {prize.id: prize for prize in self.prizes}
        if len(by_id) < len(self.prizes) or NOTHING not in by_id:
            raise ValueError("every prize stands there once, and nothing is one of them")
        if by_id[NOTHING].stock is not None:
            raise ValueError("nothing never runs out")
        for prize in self.prizes:
            if prize.weight < (0 if prize.id == NOTHING else 1) or (prize.stock or 0) < 0:
                raise ValueError(f"not a prize: {prize!r}")
            self._line(prize.id)
        if not 1 <= self.total <= proofs.MOST:
            raise ValueError("nothing to choose from, or too large for a proof")

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(prize.weight for prize in self.prizes))

    @cached_property
    def _by_id(self) -> dict[str, Prize]:
        return {prize.id: prize for prize in self.prizes}

    @property
    def total(self) -> int:
        """The sum of the weights: a prize's chance is its weight / this."""
        return self._ends[-1]

    @property
    def terms(self) -> Mapping[str, Any]:
        """The terms as they stand in the proof file."""
        return {
            "kind": "instant",
            "subject": str(self.subject),
            "rule": RULE,
            "prizes": [list(prize) for prize in self.prizes],
        }

    def at(self, r: int) -> str:
        """Return the prize whose half-open range of running sums holds ``r`` in [0, total)."""
        if not 0 <= r < self.total:
            raise ValueError(f"{r} is not on the wheel")
        return self.prizes[bisect_right(self._ends, r)].id

    def drawn(self, *, seed: bytes, n: int, who: str) -> str:
        """Return what turn ``n`` (from 0) of ``who`` falls on: HMAC-SHA256(seed, "n|who")."""
        return self.at(below(self.total, stream(proofs.subkey(seed, f"{n}|{who}"))))

    def given(self, drawn: str, take: Callable[[str], bool]) -> str:
        """Return what is given: the first of ``drawn`` and its substitutes that can be taken.

        ``take`` takes one from a limited stock, and says whether there was one.
        """
        line = self._line(drawn)
        return next(id for id in line if self._by_id[id].stock is None or take(id))

    def _line(self, drawn: str) -> list[str]:
        """Return a prize and what follows in its place, up to what never runs out."""
        line = [drawn]
        while self._by_id[line[-1]].stock is not None:
            follower = self._by_id[line[-1]].instead
            if follower in line or follower not in self._by_id:
                raise ValueError(f"what is given in place of {drawn!r} does not end")
            line.append(follower)
        return line

    def proof(self, seed: bytes, turns: Sequence[Turn]) -> str:
        """Return the proof file of all turns, for when the wheel is closed."""
        head = start(self)
        for n, turn in enumerate(turns):
            head = receipt(head, n=n, turn=turn)
        published = {
            "seed": fairness.commitment(seed),
            "terms": proofs.fingerprint(self.terms),
            "head": head,
        }
        return proofs.proof_file(
            terms=self.terms,
            seed=seed.hex(),
            published=published,
            result=[list(turn) for turn in turns],
        )


def prize_counter(prize: str) -> str:
    """Return the kind of the bounded counter that holds a prize's stock, by campaign."""
    return f"campaigns.prize.{prize}"


def start(wheel: Wheel) -> str:
    """Return what the first receipt chains to: the fingerprint of the terms."""
    return proofs.fingerprint(wheel.terms)


def receipt(before: str, *, n: int, turn: Turn) -> str:
    """Return the receipt of turn ``n``: a fingerprint over it and the receipt ``before``."""
    return proofs.fingerprint([before, n, *turn])
