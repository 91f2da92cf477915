"""A lock order over tables of the kernel, for tests of the contract itself."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from banyan.kernel import locks

EARLY, LATE = "early", "late"


@contextlib.contextmanager
def lock_order() -> Iterator[None]:
    """Put two kinds over counters and ticket pools in place of the project's order."""
    before = [(kind, locks._tables[kind]) for kind in sorted(locks._rank, key=locks._rank.get)]  # type: ignore[arg-type]
    locks.configure([(EARLY, "kernel_boundedcounter"), (LATE, "kernel_ticketpool")])
    try:
        yield
    finally:
        locks.configure(before)
