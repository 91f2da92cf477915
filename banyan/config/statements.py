"""How much psycopg remembers of the statements it has seen.

It translates the marks of a statement once and remembers that, but not of long ones, which it takes
for one of a kind. Ours are made once (``kernel.remembered``); translating the longest three anew
was a tenth of what placing an order cost. The names are psycopg's own and may change:
``tests/kernel/test_remembered.py`` says so then, and nothing else is lost.
"""

from __future__ import annotations

from functools import lru_cache

LONGEST, MOST_PARAMETERS, MOST_STATEMENTS = 16_384, 120, 512


def remember_long_ones() -> None:
    """Called when the application starts."""
    from psycopg import _queries

    _queries.MAX_CACHED_STATEMENT_LENGTH = LONGEST
    _queries.MAX_CACHED_STATEMENT_PARAMS = MOST_PARAMETERS
    _queries._query2pg = lru_cache(MOST_STATEMENTS)(_queries._query2pg_nocache)
