"""The reading end of the spool: from the files of this machine into ``sharing_touch``, once each.

The offset up to which a file is loaded is a row, written in the transaction of the COPY; loaders
take turns by that row's lock. A file whose writer is gone (its flock can be had) is finished and
removed. Touch ids are primary keys, so that even a file read again would add nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import threading
import time
from pathlib import Path

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg_pool import PoolTimeout

from banyan.kernel import clock
from banyan.sharing.models import SpoolFile

from . import store
from .record import Touched, decode
from .writer import SUFFIX, UNBORN

BATCH_BYTES = 1024 * 1024
POLL = 0.2
SWEEP_EVERY = 0.5
TIDY_EVERY = 600.0
FORGET_AFTER = dt.timedelta(days=7)
log = structlog.get_logger("banyan.sharing.spool")


def spool_directory() -> Path:
    """Return where the touches of this machine wait to be loaded."""
    return Path(settings.VAR_DIR) / "spool"


def run_loader(stop: threading.Event) -> None:
    """Load what arrives, within a second, until ``stop``; any number of loaders may run.

    A lost database is waited for. Emits sharing.touched.
    """
    loader = Loader(spool_directory())
    while not stop.is_set():
        try:
            loader.turn()
        except (OperationalError, PoolTimeout) as error:
            log.warning("spool_waits_for_database", error=str(error).strip())
            stop.wait(0.5)
        finally:
            connection.close()
        stop.wait(POLL)
    with contextlib.suppress(OperationalError, PoolTimeout):
        loader.load_once()
    connection.close()


def load_once(directory: Path | None = None) -> int:
    """Load everything that is in the spool now and return how many touches that added."""
    loader = Loader(directory or spool_directory())
    loaded = loader.load_once()
    store.confirm_pending()
    return loaded


class Loader:
    """Loads one directory; keeps in memory how far each file is known to be loaded."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._offsets: dict[str, int] = {}
        self._swept = self._tidied = 0.0

    def turn(self) -> int:
        """Load what is there and do what else is due; return the number of touches added."""
        loaded = self.load_once()
        now = time.monotonic()
        if loaded or now - self._swept >= SWEEP_EVERY:
            store.confirm_pending()
            self._swept = now
        if now - self._tidied >= TIDY_EVERY:
            SpoolFile.objects.filter(updated_at__lt=clock.now() - FORGET_AFTER).delete()
            self._remove_unborn()
            self._tidied = now
        return loaded

    def load_once(self) -> int:
        """Load every file to its present end; return the number of touches added."""
        paths = sorted(self.directory.glob(f"*{SUFFIX}"))
        gone = self._offsets.keys() - {path.name for path in paths}
        for name in gone:
            del self._offsets[name]
        return sum(self._load_file(path) for path in paths)

    def _load_file(self, path: Path) -> int:
        try:
            fd = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return 0
        try:
            orphaned = _lock(fd)
            loaded, size = 0, os.fstat(fd).st_size
            while self._offsets.get(path.name, 0) < size:
                added = self._load_batch(path.name, fd)
                if added is None:
                    break
                loaded += added
            if orphaned:
                self._finish(path, fd)
            return loaded
        finally:
            os.close(fd)

    def _load_batch(self, name: str, fd: int) -> int | None:
        """Load the next whole lines of a file; None when there is nothing to do for us."""
        with transaction.atomic():
            offset = _take_turn(name)
            if offset is None:
                return None
            if not os.fstat(fd).st_nlink:  # another loader has finished it since it was opened
                SpoolFile.objects.filter(pk=name).delete()
                return None
            self._offsets[name] = offset
            data = os.pread(fd, BATCH_BYTES, offset)
            end = data.rfind(b"\n") + 1
            if not end:
                if len(data) < BATCH_BYTES:
                    return None
                end = len(data)  # no line is that long: rubbish, which must not block the rest
            touches = _decode_all(data[:end], name=name, offset=offset)
            added = store.store(touches)
            SpoolFile.objects.filter(pk=name).update(offset=offset + end, updated_at=clock.now())
        self._offsets[name] = offset + end
        return added

    def _remove_unborn(self) -> None:
        """Remove files whose writer died before it could begin; nothing was ever written there."""
        for path in self.directory.glob(f"*{UNBORN}"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > 3600:
                    path.unlink()

    def _finish(self, path: Path, fd: int) -> None:
        """Remove a file whose writer is gone, once all of its whole lines are in the database."""
        rest = os.pread(fd, BATCH_BYTES, self._offsets.get(path.name, 0))
        if b"\n" in rest or len(rest) == BATCH_BYTES:
            return
        if rest:
            log.warning("spool_torn_end", file=path.name, bytes=len(rest))
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        SpoolFile.objects.filter(pk=path.name).delete()


def _lock(fd: int) -> bool:
    """Tell whether the file's writer is gone; the lock lives until ``fd`` is closed."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _take_turn(name: str) -> int | None:
    """Lock the file's row and return its offset; None while another loader has it."""
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO sharing_spoolfile (name, "offset", updated_at) VALUES (%s, 0, %s)'
            " ON CONFLICT (name) DO NOTHING",
            [name, clock.now()],
        )
        cursor.execute(
            'SELECT "offset" FROM sharing_spoolfile WHERE name = %s FOR UPDATE SKIP LOCKED', [name]
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _decode_all(data: bytes, *, name: str, offset: int) -> list[Touched]:
    touches, broken = [], 0
    for line in data.split(b"\n"):
        touch = decode(line) if line else None
        if touch is not None:
            touches.append(touch)
        elif line:
            broken += 1
    if broken:
        log.warning("spool_broken_lines", file=name, offset=offset, lines=broken)
    return touches
