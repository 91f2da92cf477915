"""What a person typed, as a condition that PostgreSQL understands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.contrib.postgres.search import SearchQuery

from .words import LONGEST_WORD, SOUND, is_chinese, pairs, pieces

MOST_TERMS = 40
SHORTEST_BEGINNING = 2


@dataclass(frozen=True, slots=True)
class Term:
    """One word that must occur; ``beginning``: any word that begins so will do."""

    word: str
    beginning: bool = False

    def __str__(self) -> str:
        """Return it for ``to_tsquery('simple', ...)``."""
        return f"'{self.word}'" + (":*" if self.beginning else "")


@dataclass(frozen=True, slots=True)
class Asked:
    """A condition: ``text`` for ``to_tsquery('simple', ...)``.

    ``terms`` say how much it may find: of each group of them at least one must occur. ``mark`` are
    the groups of :meth:`within`; they narrow and do not rank.
    """

    text: str
    terms: tuple[tuple[Term, ...], ...]
    mark: str = ""

    def within(self, *marks: Sequence[str]) -> Asked:
        """Return the same, asked only of what has one of each group of marks (see ``write``)."""
        groups = [tuple(Term(mark) for mark in group) for group in marks if group]
        text = " & ".join(f"({' | '.join(map(str, group))})" for group in groups)
        return Asked(self.text, (*self.terms, *groups), text)

    @property
    def condition(self) -> str:
        """Words and marks together, for ``to_tsquery('simple', ...)``."""
        return " & ".join(f"({part})" for part in (self.text, self.mark) if part)

    def __bool__(self) -> bool:
        """Tell whether there is anything to ask for."""
        return bool(self.text)


NO_WORDS = Asked("", ())


def plain(text: str) -> Asked:
    """Ask for all words of ``text``; the last that is not Chinese may be a beginning."""
    terms = list(dict.fromkeys(_terms(list(pieces(text)))))[:MOST_TERMS]
    return Asked(" & ".join(map(str, terms)), tuple((term,) for term in terms))


def by_sound(text: str) -> Asked:
    """Ask as :func:`plain` does, or for Chinese words that sound so.

    Nothing where ``text`` has no words that could be typed sounds.
    """
    found = list(pieces(text))[:MOST_TERMS]
    latin = [word for word in found if word.isascii() and word.isalpha() and len(word) > 1]
    if not latin:
        return NO_WORDS
    groups: list[tuple[Term, ...]] = [
        (term, _heard(term.word)) if term.word in latin else (term,)
        for term in list(dict.fromkeys(_terms(found)))[:MOST_TERMS]
    ]
    text = " & ".join(f"({' | '.join(map(str, group))})" for group in groups)
    if len(found) > 1 and latin == found:
        whole = _heard("".join(found)[:LONGEST_WORD])
        text = f"({text}) | {whole}"
        groups = [(*group, whole) for group in groups]
    return Asked(text, tuple(groups))


def _heard(letters: str) -> Term:
    return Term(SOUND + letters, beginning=True)


def query(text: str) -> str:
    """Return the text of :func:`plain`. An empty string means there is nothing to ask for."""
    return plain(text).text


def asked(text: str) -> SearchQuery | None:
    """Return :func:`query` for a ``__words=`` condition; None when there is nothing to ask for."""
    condition = query(text)
    return SearchQuery(condition, config="simple", search_type="raw") if condition else None


def _terms(found: list[str]) -> Iterator[Term]:
    last = max((place for place, one in enumerate(found) if not is_chinese(one)), default=-1)
    for place, piece in enumerate(found):
        if not is_chinese(piece):
            yield Term(piece, beginning=place == last and len(piece) >= SHORTEST_BEGINNING)
        elif len(piece) == 1:
            yield Term(piece)
        else:
            yield from map(Term, pairs(piece))
