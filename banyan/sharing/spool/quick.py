"""write(2) without letting go of the interpreter lock.

An append of a hundred bytes to the page cache takes under a microsecond. ``os.write`` lets go of
the lock around it, and with eight busy threads getting it back takes ten times as long: measured,
that alone costs a third of all opened links per second. The price is that while the disk's journal
holds a write up, the threads of this process wait together.
"""

from __future__ import annotations

import ctypes
import os

_write = ctypes.PyDLL(None, use_errno=True).write
_write.restype = ctypes.c_ssize_t
# Declared argument types would be looked up and converted at each call, for as long as the write
# itself takes. An int is passed as a C int and bytes as their address; a size is made beforehand.
_SIZES = tuple(ctypes.c_size_t(size) for size in range(512))


def write(fd: int, data: bytes) -> int:
    """Like ``os.write``, for small appends to a file. Raises OSError."""
    size = len(data)
    written: int = _write(fd, data, _SIZES[size] if size < 512 else ctypes.c_size_t(size))
    if written < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return written
