"""Statements whose SQL is made once: hot pages ask the same questions all day.

Building a statement takes Django several times as long as running it takes everybody else. What is
kept is its text and how values go into it, never a row. ``reading`` are queries of the ORM,
``writing`` new rows and conditional changes, ``run`` takes a text of the caller's own.
"""

from .cursors import run
from .reading import (
    MOST_IN_A_LIST,
    Remembered,
    columns,
    fill,
    get,
    reload,
    remembered,
    spelled,
)
from .writing import (
    Change,
    change,
    change_each,
    change_noting,
    insert,
    insert_once,
    insert_together,
)

__all__ = [
    "MOST_IN_A_LIST",
    "Change",
    "Remembered",
    "change",
    "change_each",
    "change_noting",
    "columns",
    "fill",
    "get",
    "insert",
    "insert_once",
    "insert_together",
    "reload",
    "remembered",
    "run",
    "spelled",
]
