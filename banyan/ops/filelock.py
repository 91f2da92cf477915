"""An exclusive lock on a path that dies with its holder and leaves no file behind."""

import contextlib
import fcntl
import os
from pathlib import Path


class LockHeldError(RuntimeError):
    """Another process holds the lock; ``pid`` is the holder it wrote down, or None."""

    def __init__(self, path: Path, pid: int | None) -> None:
        """Remember who holds ``path``."""
        super().__init__(f"{path} is held by process {pid if pid is not None else 'unknown'}")
        self.path = path
        self.pid = pid


class FileLock:
    """``flock`` on ``path``: the kernel frees it when the holder dies, however it dies."""

    def __init__(self, path: Path) -> None:
        """Name the lock; nothing is opened before ``acquire``."""
        self.path = path
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._fd is not None

    def acquire(self) -> None:
        """Take the lock at once or raise LockHeldError. Repeatable by its holder."""
        while self._fd is None:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                text = os.read(fd, 32).decode("ascii", "replace").strip()
                os.close(fd)
                raise LockHeldError(self.path, int(text) if text.isdigit() else None) from None
            if self._is_current(fd):
                os.ftruncate(fd, 0)
                os.write(fd, str(os.getpid()).encode("ascii"))
                self._fd = fd
            else:
                os.close(fd)

    def release(self) -> None:
        """Remove the file and let go. Does nothing when the lock is not held."""
        if self._fd is None:
            return
        # Unlink first: whoever waits on the old inode sees that it is gone and opens anew.
        with contextlib.suppress(FileNotFoundError):
            self.path.unlink()
        os.close(self._fd)
        self._fd = None

    def _is_current(self, fd: int) -> bool:
        """Whether the file we locked is still the one the path names."""
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        ours = os.fstat(fd)
        return (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
