"""Whom a link's card was shown to: noted by the pages, without a statement in their request.

A line per card goes into a spool file of this process and is loaded with the touches. Losing the
last ones in a power cut costs a little of the funnel's top and nobody's money, so the disk is never
asked to hurry.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable

from banyan.kernel import clock
from banyan.kernel.ids import id_floor

from .spool import SpoolWriter, spool_directory
from .spool.record import SHOWN, encode

MOST_REMEMBERED = 100_000


def person_of(*, visitor: str | None, account_id: int | None) -> str:
    """Return what an exposure keeps of a person: the browser's id, else the account; or nothing."""
    return visitor or (f"account-{account_id}" if account_id is not None else "")


class ShownCards:
    """Notes each (person, link, day) once per process; thread-safe, made anew in a forked child."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._writer: SpoolWriter | None = None
        self._noted: set[tuple[str, int, int]] = set()
        os.register_at_fork(after_in_child=self._forget)

    def note(self, links: Iterable[int], *, person: str, channel: str = "web") -> int:
        """Note that the cards of ``links`` were shown to ``person`` now; return how many were new.

        Nothing is kept of a person without a name. Raises OSError when the spool cannot be written.
        """
        if not person:
            return 0
        now = clock.now()
        day = now.toordinal()
        seen_id = id_floor(now)
        with self._guard:
            fresh = [link for link in set(links) if (person, link, day) not in self._noted]
            if not fresh:
                return 0
            if len(self._noted) + len(fresh) > MOST_REMEMBERED:
                self._noted.clear()
            if self._writer is None or not self._writer.directory.is_dir():
                self._writer = SpoolWriter(spool_directory(), sync=_unhurried)
            lines = [encode(seen_id, link, person, f"{channel} {SHOWN}") for link in fresh]
            self._writer.append(b"".join(lines))
            self._noted.update((person, link, day) for link in fresh)
        return len(fresh)

    def _forget(self) -> None:
        self._guard = threading.Lock()
        self._writer = None
        self._noted = set()


def _unhurried(_fd: int) -> None:
    """Leave it to the kernel when the file reaches the disk."""


cards = ShownCards()
