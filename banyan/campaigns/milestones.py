"""When somebody is told how far a play has come: at parts of the way, each once, never often."""

from __future__ import annotations

from collections.abc import Iterable

FEWEST = 4
"""From so many on a way has parts that are worth telling of."""


def passes(nth: int, whole: int, parts: Iterable[int]) -> bool:
    """Tell whether the ``nth`` of a ``whole`` is the first beyond one of ``parts`` (percent).

    Not the last but one and the last, which have words of their own; nothing of a short way.
    """
    if whole < FEWEST or not 0 < nth < whole - 1:
        return False
    return any((nth - 1) * 100 < part * whole <= nth * 100 for part in parts)
