"""Whole numbers travel to the database in a type that holds them.

Django guesses a column of 32 bits for a number in an expression (``F("spent") + amount``,
``Greatest("newest", id)``). Where parameters are bound by the server, the driver then sends the
lower 32 bits and says nothing. Amounts and ids are larger than that.
"""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations
from psycopg.types.numeric import Int2, Int4, Int8

_WIDTHS = ((15, Int2), (31, Int4))


def bind_whole_numbers_whole() -> None:
    """Let the value widen what Django guessed; called once, when the application starts."""
    names = DatabaseOperations.integerfield_type_map
    for name, guessed in list(names.items()):
        names[name] = _at_least(guessed)


def _at_least(guessed: Any) -> Any:
    fitting = [(bits, kind) for bits, kind in _WIDTHS if kind in (guessed, Int4)]
    if guessed not in (Int2, Int4):
        return guessed

    def bound(value: int) -> Any:
        for bits, kind in fitting:
            if -(1 << bits) <= value < 1 << bits:
                return kind(value)
        return Int8(value)

    return bound
