"""What orders ask of the floors above: is there something that keeps a receipt from being taken?"""

from __future__ import annotations

from collections.abc import Callable, Collection

OpenCheck = Callable[[Collection[int]], Collection[int]]

_open: list[OpenCheck] = []


def register_open_check(check: OpenCheck) -> None:
    """Have ``check(order ids)`` asked before receipt is taken as confirmed.

    It returns those of the orders that somebody still argues about.
    """
    if check not in _open:
        _open.append(check)


def argued_about(order_ids: Collection[int]) -> set[int]:
    """Return those of the orders that some check keeps open."""
    return {order_id for check in _open for order_id in check(order_ids)}
