"""Ids made outside the database: a process leases a node number and makes the same kind of id."""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
import time

from django.db import connection, transaction

from .ids import EPOCH

LEASE = dt.timedelta(days=1)
LAST_NODE = 1023
_EPOCH_MS = int(EPOCH.timestamp() * 1000)


class NoNodeFreeError(RuntimeError):
    """All 1023 node numbers are leased."""


def lease_node(purpose: str) -> int:
    """Lease a node number (1 to 1023) for this process, for a day.

    Number 0 is the database's own. A lease that ran out is given to the next who asks; a process
    that lives longer than its lease must lease again. Raises NoNodeFreeError.
    """
    holder = f"{purpose}@{socket.gethostname()}:{os.getpid()}"[:120]
    with transaction.atomic(), connection.cursor() as cursor:
        # Two who ask at once would choose the same lowest number, and one would go without.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('banyan.nodes'))")
        cursor.execute(
            """
            INSERT INTO kernel_node (number, holder, leased_until)
            SELECT n, %(holder)s, now() + make_interval(secs => %(lease)s)
            FROM generate_series(1, %(last)s) n
            WHERE NOT EXISTS (
              SELECT 1 FROM kernel_node k WHERE k.number = n AND k.leased_until > now()
            )
            ORDER BY n LIMIT 1
            ON CONFLICT (number) DO UPDATE
              SET holder = excluded.holder, leased_until = excluded.leased_until
              WHERE kernel_node.leased_until <= now()
            RETURNING number
            """,
            {"holder": holder, "lease": LEASE.total_seconds(), "last": LAST_NODE},
        )
        row = cursor.fetchone()
    if row is None:
        raise NoNodeFreeError("every node number is leased")
    return int(row[0])


class IdMaker:
    """Makes ids of one node; safe to call from many threads.

    More than 4096 in a millisecond take from the next one.
    """

    def __init__(self, node: int) -> None:
        if not 1 <= node <= LAST_NODE:
            raise ValueError("a node number is 1 to 1023")
        self._node = node << 12
        self._lock = threading.Lock()
        self._last = 0

    def __call__(self) -> int:
        """Return the next id; never smaller than the one before, even if the clock goes back."""
        made = ((int(time.time() * 1000) - _EPOCH_MS) << 22) | self._node
        with self._lock:
            last = self._last
            if made <= last:
                made = last + 1 if last & 4095 < 4095 else (((last >> 22) + 1) << 22) | self._node
            self._last = made
            return made
