"""Words that are nearly right: what can be typed by one or two slips of the hand.

Two words are one slip apart (a letter more, less, other, or two swapped) only if they share a
word once at most one letter of each is struck out; so the struck-out forms are an index.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from itertools import combinations

SHORTEST = 4
LONG = 8  # from here on two slips are forgiven
LOOKED_AT = 8  # of a long word; a slip further behind leaves these letters alone


def slips(word: str) -> int:
    """Return how many slips are forgiven in ``word``: none in short ones and with digits."""
    if len(word) < SHORTEST or not word.isalpha():
        return 0
    return 2 if len(word) >= LONG else 1


def struck(word: str) -> list[int]:
    """Return the forms of ``word`` with up to so many letters struck out, as 32-bit numbers."""
    head = word[:LOOKED_AT]
    forms = {head}
    for count in range(1, slips(word) + 1):
        for kept in combinations(range(len(head)), len(head) - count):
            forms.add("".join(head[place] for place in kept))
    return sorted(_number(form) for form in forms)


def distance(one: str, other: str) -> int:
    """Return how many slips are between two words (restricted Damerau-Levenshtein)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


def nearest(word: str, known: Iterable[tuple[str, int]]) -> str | None:
    """Return the known word that ``word`` may have meant: fewest slips, then in most documents."""
    most = slips(word)
    ranked = [
        (apart, -documents, candidate)
        for candidate, documents in known
        if abs(len(candidate) - len(word)) <= most
        and 0 < (apart := distance(word, candidate)) <= most
    ]
    return min(ranked)[2] if ranked else None


def _number(form: str) -> int:
    """Return a checksum in the range of PostgreSQL's integer."""
    return zlib.crc32(form.encode()) - 2**31
