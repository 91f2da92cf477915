"""The writing end of the spool: one file per process, one write per touch, before the answer.

What ``append`` has returned for is in the kernel's page cache, so it outlives the process however
it dies; a thread asks the disk to keep it at most every 50 ms, which bounds what a power cut can
take. With ``each`` the disk is asked before ``append`` returns, one request for all who wait.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from . import quick
from .together import SyncTogether

SUFFIX = ".touches"
UNBORN = ".new"
SYNC_EVERY = 0.05
ROTATE_BYTES = 16 * 1024 * 1024
ROTATE_SECONDS = 600.0
log = structlog.get_logger("banyan.sharing.spool")


class SpoolWriter:
    """Appends lines to this process's spool file; any number of threads may share it.

    The file is locked (flock) for as long as somebody may still write to it; a loader that gets
    the lock knows that its writer is gone. Not usable in a forked child: make a new one there.
    """

    def __init__(
        self,
        directory: Path,
        *,
        each: bool = False,
        write: Callable[[int, bytes], int] = quick.write,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        """Open a fresh file in ``directory``. Raises OSError when that cannot be done."""
        self.directory = directory
        self.each = each
        self._write = write
        self._sync = sync
        self._dirty = False
        self._syncing = threading.Lock()
        self._together = SyncTogether(self._sync_now)
        self._previous: int | None = None
        self._stop = threading.Event()
        directory.mkdir(parents=True, exist_ok=True)
        self._fd, self._born = self._open(), time.monotonic()
        threading.Thread(target=self._keep_synced, name="spool-sync", daemon=True).start()

    def append(self, line: bytes) -> None:
        """Write one line with one write(2). Raises OSError when it is not wholly written."""
        if self._write(self._fd, line) != len(line):
            raise OSError(errno.ENOSPC, "the spool took only a part of the line")
        self._dirty = True
        if self.each:
            self._together.wait()

    def close(self) -> None:
        """Sync, and let a loader have the file. Repeatable."""
        with self._syncing:
            if not self._stop.is_set():
                self._stop.set()
                with contextlib.suppress(OSError):
                    self._sync(self._fd)
                self._let_go_of_previous()
                os.close(self._fd)

    def _open(self) -> int:
        """Make a file that no loader can see before it is locked, and return its descriptor."""
        name = f"{time.time_ns() // 1_000_000:x}-{secrets.token_hex(8)}"
        hidden = self.directory / f"{name}{UNBORN}"
        fd = os.open(hidden, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.rename(hidden, self.directory / f"{name}{SUFFIX}")
            _sync_folder(self.directory)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _sync_now(self) -> None:
        with self._syncing:
            if self._previous is not None:
                self._sync(self._previous)
            self._sync(self._fd)

    def _keep_synced(self) -> None:
        while not self._stop.wait(SYNC_EVERY):
            try:
                self._tick()
            except OSError as error:
                log.error("spool_sync", error=str(error))

    def _tick(self) -> None:
        with self._syncing:
            if self._stop.is_set():
                return
            self._let_go_of_previous()
            if self._dirty and not self.each:
                self._dirty = False
                self._sync(self._fd)
            size = os.fstat(self._fd).st_size
            if size >= ROTATE_BYTES or (size and time.monotonic() - self._born > ROTATE_SECONDS):
                self._rotate()

    def _rotate(self) -> None:
        """Go on in a new file; the old one stays ours, and is synced with it, for one more tick."""
        fresh = self._open()
        self._previous = os.dup(self._fd)
        # dup2 swaps the file under the same number: a thread in the middle of a write still
        # finishes in the old file, whose lock is released only after that.
        os.dup2(fresh, self._fd, inheritable=False)
        os.close(fresh)
        self._born = time.monotonic()

    def _let_go_of_previous(self) -> None:
        if self._previous is not None:
            previous, self._previous = self._previous, None
            try:
                self._sync(previous)
            finally:
                os.close(previous)


def _sync_folder(folder: Path) -> None:
    """A new file's name is safe only when its folder is."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
