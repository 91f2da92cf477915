"""Circles: persons who earn by each other's purchases. Pure: no database, no clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from .rules import STRONG, USUAL

WINDOW = dt.timedelta(days=30)
"""Purchases of so long count."""
LONGEST = 4
"""Persons of a circle; who stands further apart does not act as one."""
SEEN_FROM, HELD_FROM = 2, 3
"""Rounds from which a circle is shown, and from which it can be strong."""
MOST = 200
"""Circles that one look tells, the strongest first."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One person earned by so many purchases of another, in the window."""

    earner: int
    buyer: int
    purchases: int


@dataclass(frozen=True, slots=True)
class Ring:
    """Persons in a circle, in ascending order.

    ``rounds`` is how often it went round: the fewest purchases between one and the next. ``inside``
    is the part of their earning purchases, in percent, that was of others in the circle: of
    whoever has the smallest.
    """

    members: tuple[int, ...]
    rounds: int
    inside: int

    @property
    def strength(self) -> str:
        """``strong`` where it went round three times and each lives by it; else ``usual``."""
        return STRONG if self.rounds >= HELD_FROM and self.inside >= 50 else USUAL


def rings(trades: Iterable[Trade], earning: Mapping[int, int]) -> list[Ring]:
    """Return the circles of two to four persons, the strongest first.

    ``earning`` is by how many purchases each person earned in all, others' and guests' too. What
    was bought once between two is a present between friends: it makes no circle. Both ways round
    of the same persons are one.
    """
    bought = {
        (one.earner, one.buyer): one.purchases
        for one in trades
        if one.earner != one.buyer and one.purchases >= SEEN_FROM
    }
    found: dict[tuple[int, ...], int] = {}
    for way in _ways(bought):
        members = tuple(sorted(way))
        steps = zip(way, (*way[1:], way[0]), strict=True)
        rounds = min(bought[step] for step in steps)
        found[members] = max(rounds, found.get(members, 0))
    made = [Ring(members, n, _inside(members, bought, earning)) for members, n in found.items()]
    made.sort(key=lambda one: (one.strength != STRONG, -one.rounds, one.members))
    return made[:MOST]


def _inside(
    members: Collection[int], bought: Mapping[tuple[int, int], int], earning: Mapping[int, int]
) -> int:
    shares = []
    for one in members:
        mine = sum(bought.get((one, other), 0) for other in members)
        shares.append(100 * mine // max(earning.get(one, 0), mine, 1))
    return min(shares)


def _ways(bought: Collection[tuple[int, int]]) -> Iterator[tuple[int, ...]]:
    """Yield each way that leads back to where it began, from its smallest person."""
    after: dict[int, list[int]] = {}
    for earner, buyer in sorted(_closed(bought)):
        after.setdefault(earner, []).append(buyer)

    def on(way: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        for following in after.get(way[-1], ()):
            if following == way[0]:
                yield way
            elif following > way[0] and following not in way and len(way) < LONGEST:
                yield from on((*way, following))

    for start in after:
        yield from on((start,))


def _closed(bought: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Leave out who only earns or only buys: most people, and in no circle."""
    left = set(bought)
    while True:
        both = {earner for earner, _buyer in left} & {buyer for _earner, buyer in left}
        kept = {pair for pair in left if both.issuperset(pair)}
        if kept == left:
            return left
        left = kept
