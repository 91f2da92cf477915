"""Search by words: how texts become words, what is asked, and the best of what is found.

docs/explanation/search.md says why it is made so.
"""

from .asking import NO_WORDS, Asked, asked, by_sound, plain, query
from .counting import beginning_with, count, meant
from .finding import (
    BOUND,
    NOTHING,
    Found,
    Place,
    highest,
    page_of,
    search,
    search_each,
    standing_sql,
)
from .words import LONGEST_WORD, document, pieces, romanised, sounds, tokens, write

__all__ = [
    "BOUND",
    "LONGEST_WORD",
    "NOTHING",
    "NO_WORDS",
    "Asked",
    "Found",
    "Place",
    "asked",
    "beginning_with",
    "by_sound",
    "count",
    "document",
    "highest",
    "meant",
    "page_of",
    "pieces",
    "plain",
    "query",
    "romanised",
    "search",
    "search_each",
    "sounds",
    "standing_sql",
    "tokens",
    "write",
]
