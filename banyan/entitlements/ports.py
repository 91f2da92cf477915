"""What entitlements ask of the floors above: whether something that runs promises a coupon."""

from __future__ import annotations

from collections.abc import Callable

from .models import Coupon

Promises = Callable[[Coupon], bool]
_promises: list[Promises] = []


def register_promises(promises: Promises) -> None:
    """Have ``promises(coupon)`` asked before a coupon is made worse. Called in ``ready()``.

    It tells whether people may still be given the coupon, as they were told; it locks nothing.
    """
    if promises not in _promises:
        _promises.append(promises)


def is_promised(coupon: Coupon) -> bool:
    """Tell whether anything that runs promises a coupon, whether or not anybody has it yet."""
    return any(promises(coupon) for promises in _promises)
