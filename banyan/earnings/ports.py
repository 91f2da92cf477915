"""What earnings ask of the floors above: what else of an order's money is not its shop's."""

from __future__ import annotations

from collections.abc import Callable

Claim = Callable[[int], int]

_claims: list[tuple[Claim, Claim]] = []


def register_claim(claim: Claim, booked: Claim) -> None:
    """Have ``claim(order_id)`` asked before an order's money is passed on to its shop.

    It returns what the shop owes others for that order, paid or yet to be paid, in minor units;
    ``booked(order_id)`` what of it left the shop's account already.
    """
    if (claim, booked) not in _claims:
        _claims.append((claim, booked))


def claimed(order_id: int) -> int:
    """Return what others have, or are to have, of an order beside commissions."""
    return sum(claim(order_id) for claim, _booked in _claims)


def booked(order_id: int) -> int:
    """Return what of that has left the shop's account already."""
    return sum(booked(order_id) for _claim, booked in _claims)
