"""Where to find what was there before it was noted; packages above register at start-up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from .rules import Key


@dataclass(frozen=True, slots=True)
class Before:
    """A row that tells of an account and its keys, none perhaps, and when it was seen with them."""

    row_id: int
    account_id: int
    keys: Collection[Key]
    at: dt.datetime


Reader = Callable[[int, int], Sequence[Before]]
_readers: dict[str, tuple[str, Reader]] = {}


def before(name: str, source: str, reader: Reader) -> None:
    """Let old rows be gone through, once, as the progress ``name``.

    ``reader(below, most)`` returns the newest ``most`` rows with an id below ``below``, the newest
    first; fewer, and there are no more. It reads only. ``source`` is as in ``actions.Seen``.
    """
    _readers[name] = (source, reader)


def readers() -> Mapping[str, tuple[str, Reader]]:
    """Return source and reader by name."""
    return _readers
