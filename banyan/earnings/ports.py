"""What earnings ask of the floors above: what else of an order's money is not its shop's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

Claim = Callable[[int], int]
StillOwed = Callable[[Iterable[int]], dict[tuple[int, str], int]]

_claims: list[tuple[Claim, Claim, StillOwed]] = []


def register_claim(claim: Claim, booked: Claim, still_owed: StillOwed) -> None:
    """Have ``claim(order_id)`` asked before an order's money is passed on to its shop.

    It returns what the shop owes others for that order, paid or yet to be paid, in minor units;
    ``booked(order_id)`` what of it left the shop's account already. ``still_owed(shop_ids)`` is
    what has not, of all orders of shops, by shop and currency.
    """
    if (claim, booked, still_owed) not in _claims:
        _claims.append((claim, booked, still_owed))


def claimed(order_id: int) -> int:
    """Return what others have, or are to have, of an order beside commissions."""
    return sum(claim(order_id) for claim, _booked, _still in _claims)


def booked(order_id: int) -> int:
    """Return what of that has left the shop's account already."""
    return sum(booked(order_id) for _claim, booked, _still in _claims)


def still_owed(shop_ids: Iterable[int]) -> dict[tuple[int, str], int]:
    """Return what of that has not, of all orders of shops, by shop and currency."""
    sums: Counter[tuple[int, str]] = Counter()
    for _claim, _booked, still in _claims:
        sums.update(still(list(shop_ids)))
    return dict(sums)
