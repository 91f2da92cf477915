"""Touch ids of this process: made under a leased node number that is renewed in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from django.db import DatabaseError
from psycopg_pool import PoolTimeout

from banyan.kernel.nodes import LEASE, IdMaker, NoNodeFreeError, lease_node

from .database import give_back

_RETRY_SECONDS = 60.0
log = structlog.get_logger("banyan.web.edge")


class LeaseLost(RuntimeError):  # noqa: N818 - a state of ours, not a mistake
    """No node number is ours any more, or none is to be had."""


class LeasedIds:
    """Calls return a fresh id. A new number is leased at half of the lease's time.

    While that fails the old one is used until a tenth of its time is left; then LeaseLost.
    """

    def __init__(self, lease: Callable[[str], int] = lease_node) -> None:
        """Lease the first number. Raises LeaseLost, or what the database raises."""
        self._lease = lease
        self._renewing = threading.Lock()
        self._take()

    def __call__(self) -> int:
        """Return the next id, unique among all processes."""
        if time.monotonic() >= self._renew_at:
            self._renew()
        return self._make()

    def _take(self) -> None:
        began = time.monotonic()
        try:
            self._make = IdMaker(self._lease("edge"))
        except NoNodeFreeError as error:
            raise LeaseLost(str(error)) from error
        finally:
            give_back()
        self._renew_at = began + LEASE.total_seconds() * 0.5
        self._ends = began + LEASE.total_seconds() * 0.9

    def _renew(self) -> None:
        with self._renewing:
            now = time.monotonic()
            if now < self._renew_at:
                return
            try:
                self._take()
            except (DatabaseError, PoolTimeout, LeaseLost) as error:
                if now >= self._ends:
                    raise LeaseLost("the lease of the node number ran out") from error
                log.warning("edge_lease_not_renewed", error=str(error).strip())
                self._renew_at = now + _RETRY_SECONDS
