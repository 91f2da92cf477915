"""Pure arithmetic of points. Amounts are minor units, points are whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from banyan.kernel.money import split


@dataclass(frozen=True, slots=True)
class Purse:
    """What a member can spend in one shop: ``points`` of ``worth`` each."""

    purse_id: int
    shop_id: int
    points: int
    worth: int
    most_percent: int


@dataclass(frozen=True, slots=True)
class Spending:
    """Points for one shop's goods; ``amounts`` are what they take off, by line key."""

    purse: Purse
    points: int
    amounts: Mapping[int, int]

    @property
    def amount(self) -> int:
        """What they take off in all."""
        return self.points * self.purse.worth


def spend(purse: Purse, goods: Mapping[int, int]) -> Spending | None:
    """Return the most points that may pay for ``goods`` (by line key, after discounts).

    Never more than ``most_percent`` of them; split by largest remainder. None for no points.
    """
    most = sum(goods.values()) * purse.most_percent // 100
    points = min(purse.points, most // purse.worth)
    if points <= 0:
        return None
    parts = split(points * purse.worth, list(goods.values()))
    amounts = {key: part for key, part in zip(goods, parts, strict=True) if part}
    return Spending(purse, points, amounts)


def earned(paid: int, *, earn: int, unit: int) -> int:
    """Return the points for ``paid``, of which ``unit`` minor units are one whole unit."""
    return paid // unit * earn


def take_in_order(points: int, lefts: Sequence[int]) -> list[int]:
    """Return what is taken of each of ``lefts``, the first ones first; as much as there is."""
    taken = []
    for left in lefts:
        part = min(left, points)
        taken.append(part)
        points -= part
    return taken
