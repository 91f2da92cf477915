"""Files by content: written once under a name that holds their hash, through Django's storages."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages


class WholeFiles(FileSystemStorage):
    """A folder in which a file is there whole or not at all: written aside, then given its name.

    Writing a name again replaces it; many may write it at once, and the last one counts.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name as it is: what has it already is replaced."""
        return name

    def _save(self, name: str, content: Any) -> str:
        final = Path(self.path(name))
        final.parent.mkdir(parents=True, exist_ok=True)
        aside, path = tempfile.mkstemp(dir=final.parent, prefix=".", suffix=".part")
        try:
            with open(aside, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
            os.chmod(path, self.file_permissions_mode or 0o644)
            os.replace(path, final)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise
        return name


def public() -> Storage:
    """Return the storage of renditions and cards; its files may be cached for ever."""
    return storages["default"]


def private() -> Storage:
    """Return the storage of originals, which no page serves."""
    return storages["private"]


def address(file: str) -> str:
    """Return where a file of the public storage is served.

    Our names need no quoting, so a folder's address is put before them as it is; other storages
    are asked.
    """
    storage = public()
    if isinstance(storage, WholeFiles):
        return f"{storage.base_url}{file}"
    return storage.url(file)


def put(storage: Storage, name: str, data: bytes) -> str:
    """Write ``data`` as ``name`` unless it is there; return the name that holds it. Repeatable.

    A file of another length was left by a process that died while writing: it is replaced.
    """
    try:
        if storage.size(name) == len(data):
            return name
    except OSError:
        # Not there, or swept this moment.
        pass
    return storage.save(name, ContentFile(data))


def discard(files: Iterable[str], original: str) -> None:
    """Remove a picture's public files and its original.

    After the commit: a file without a row is waste, a row without a file a broken page.
    """
    for name in files:
        public().delete(name)
    private().delete(original)


def read(storage: Storage, name: str) -> bytes:
    """Return the bytes of a file; FileNotFoundError (or the storage's own OSError) if absent."""
    with storage.open(name, "rb") as file:
        data: bytes = file.read()
    return data
