"""Files by content: written once under a name that holds their hash, through Django's storages."""

from __future__ import annotations

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages


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
    if type(storage) is FileSystemStorage:
        return f"{storage.base_url}{file}"
    return storage.url(file)


def put(storage: Storage, name: str, data: bytes) -> str:
    """Write ``data`` as ``name`` unless it is there; return the name that holds it. Repeatable.

    A file of another length was left by a process that died while writing: it is replaced.
    """
    if storage.exists(name):
        if storage.size(name) == len(data):
            return name
        storage.delete(name)
    return storage.save(name, ContentFile(data))


def read(storage: Storage, name: str) -> bytes:
    """Return the bytes of a file; FileNotFoundError (or the storage's own OSError) if absent."""
    with storage.open(name, "rb") as file:
        data: bytes = file.read()
    return data
