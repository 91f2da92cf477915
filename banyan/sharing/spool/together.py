"""One disk request for everybody who waits for one: group commit among threads."""

from __future__ import annotations

import threading
from collections.abc import Callable


class _Waiter:
    """A thread that waits: woken when its write is on disk, has failed, or to lead the next."""

    __slots__ = ("error", "leads", "wake")

    def __init__(self) -> None:
        self.wake = threading.Lock()
        self.wake.acquire()
        self.error: OSError | None = None
        self.leads = False


class SyncTogether:
    """``wait`` returns after a sync that began after it was called.

    Whoever comes while a sync runs waits for the next one, which one of them leads; the covered
    go at once, without queueing behind it.
    """

    def __init__(self, sync: Callable[[], None]) -> None:
        self._sync = sync
        self._guard = threading.Lock()
        self._waiting: list[_Waiter] = []
        self._running = False

    def wait(self) -> None:
        """Return when what was written before is on disk. Raises OSError when the sync failed."""
        me = _Waiter()
        with self._guard:
            self._waiting.append(me)
            me.leads, self._running = not self._running, True
        if not me.leads:
            me.wake.acquire()
        if me.leads:
            self._lead(me)
        if me.error is not None:
            raise me.error

    def _lead(self, me: _Waiter) -> None:
        with self._guard:
            covered, self._waiting = self._waiting, []
        error = None
        try:
            self._sync()
        except OSError as caught:
            error = caught
        with self._guard:
            if self._waiting:
                heir = self._waiting[0]
                heir.leads = True
                heir.wake.release()
            else:
                self._running = False
        for waiter in covered:
            waiter.error = error
            if waiter is not me:
                waiter.leads = False
                waiter.wake.release()
