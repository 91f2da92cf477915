"""Red packets: how a sum becomes shares, all in whole minor units, summing to the sum exactly.

"Random of what is left" is not offered: its first taker gets half on average. Shares are split
beforehand and shuffled, so that no place in the queue has an edge.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from banyan.kernel import money
from banyan.kernel.fairness import below, order, stream
from banyan.kernel.proofs import subkey

from .splits import Split

EQUAL, LINE_CUT, DOUBLE_MEAN = "equal/1", "line-cut/1", "double-mean/1"
RULES = (EQUAL, LINE_CUT, DOUBLE_MEAN)


@dataclass(frozen=True, kw_only=True)
class Packet(Split):
    """What is published of a packet when it is funded; amounts in minor units of ``currency``.

    Every share is in [least, most]; without ``most`` up to what the others leave. ValueError where
    that cannot be: too little for everybody, or more than ``most`` for each.
    """

    subject: int
    currency: str
    total: int
    count: int
    least: int = 1
    most: int | None = None
    rule: str = LINE_CUT

    def __post_init__(self) -> None:
        if self.rule not in RULES:
            raise ValueError(f"not a rule for packets: {self.rule!r}")
        check_split(self.total, self.count, self.least, self.limit)

    @property
    def limit(self) -> int:
        """The largest share that is possible."""
        return self.total if self.most is None else self.most

    @property
    def terms(self) -> Mapping[str, Any]:
        """The terms as they stand in the proof file."""
        return {
            "kind": "packet",
            "subject": str(self.subject),
            "rule": self.rule,
            "currency": self.currency,
            "total": self.total,
            "count": self.count,
            "least": self.least,
            "most": self.limit,
        }

    def parts(self, seed: bytes) -> list[int]:
        """Return the shares in the order in which they are taken."""
        if self.rule == EQUAL:
            return split_equal(total=self.total, n=self.count)
        return split_random(
            total=self.total,
            n=self.count,
            least=self.least,
            most=self.limit,
            seed=seed,
            rule=self.rule,
        )


def split_equal(*, total: int, n: int) -> list[int]:
    """Return ``n`` equal shares; what cannot be divided goes, a unit each, to the first."""
    check_split(total, n, 1, total)
    return money.split(total, [1] * n)


def split_random(
    *, total: int, n: int, least: int, most: int, seed: bytes, rule: str = LINE_CUT
) -> list[int]:
    """Return ``n`` random shares of ``total`` in [least, most], shuffled, from ``seed``.

    The stream is that of the key HMAC-SHA256(seed, "parts"). ValueError where it cannot be.
    """
    check_split(total, n, least, most)
    source = stream(subkey(seed, "parts"))
    cut = {LINE_CUT: line_cut, DOUBLE_MEAN: _double_mean}[rule]
    return shuffled(cut(total, n, least, most, source), source)


def line_cut(total: int, n: int, least: int, most: int, source: Iterator[int]) -> list[int]:
    """Return ``least`` each, and what is left over cut at random places of a line.

    Every way of cutting has the same chance. What a share has above ``most`` is cut again among
    those that have less.
    """
    shares, spare = [least] * n, total - least * n
    while spare:
        below_most = [i for i in range(n) if shares[i] < most]
        for i, piece in zip(below_most, _pieces(spare, len(below_most), source), strict=True):
            shares[i] += piece
        spare = sum(max(0, share - most) for share in shares)
        shares = [min(share, most) for share in shares]
    return shares


def shuffled(parts: list[int], source: Iterator[int]) -> list[int]:
    """Return ``parts`` in an order by chance: a draw of equal weights without putting back."""
    return [parts[i] for i in order([1] * len(parts), source)]


def check_split(total: int, n: int, least: int, most: int) -> None:
    """Raise ValueError unless ``n`` shares in [least, most], least >= 1, can sum to ``total``."""
    if n < 1 or least < 1:
        raise ValueError("a share is at least one unit, and there is at least one share")
    if total < n * least:
        raise ValueError(f"{total} is too little for {n} shares of at least {least}")
    if total > n * most:
        raise ValueError(f"{total} is too much for {n} shares of at most {most}")


def _pieces(total: int, n: int, source: Iterator[int]) -> list[int]:
    """Return ``n`` whole numbers >= 0 that sum to ``total``; each such list has the same chance.

    A line of total + n units is cut at n - 1 different places inside; a piece's length less one.
    """
    cuts: set[int] = set()
    while len(cuts) < n - 1:
        cuts.add(1 + below(total + n - 1, source))
    return [end - start - 1 for start, end in pairwise([0, *sorted(cuts), total + n])]


def _double_mean(total: int, n: int, least: int, most: int, source: Iterator[int]) -> list[int]:
    """Return shares that are each uniform up to twice the mean of what is left for so many."""
    shares, left = [], total
    for people in range(n, 1, -1):
        low = max(least, left - (people - 1) * most)
        high = min(most, 2 * left // people - least)
        shares.append(low + below(high - low + 1, source))
        left -= shares[-1]
    return [*shares, left]
