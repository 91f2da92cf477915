"""What an instance looks like: typed blocks that the web draws in order.

A mechanic says what there is to see, in money and facts; how it looks is the web's affair.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from banyan.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Block:
    """Base of all blocks; ``template`` names the part that draws it."""

    @property
    def template(self) -> str:
        """The kind of block, as the name of the template's part."""
        return type(self).__name__.lower()


@dataclass(frozen=True, slots=True)
class Progress(Block):
    """``now`` of ``whole``, and what that means in words."""

    now: int
    whole: int
    text: str


@dataclass(frozen=True, slots=True)
class Countdown(Block):
    """Until when; ``text`` says what happens then."""

    until: dt.datetime
    text: str


@dataclass(frozen=True, slots=True)
class Faces(Block):
    """Who is in: account ids; the web shows names of those who consent, and counts the others.

    With ``amounts``, what each of the first ones did in money, they stand in rows.
    """

    title: str
    people: Sequence[int]
    notes: Sequence[str] = ()
    amounts: Sequence[str] = ()
    empty: int = 0


@dataclass(frozen=True, slots=True)
class Ladder(Block):
    """Steps with what each brings; ``reached`` are done."""

    rungs: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True, slots=True)
class Price(Block):
    """What it costs now, what it can come to, and what it is otherwise."""

    now: Money
    target: Money | None = None
    otherwise: Money | None = None


@dataclass(frozen=True, slots=True)
class Won(Block):
    """What the reader has: a title, a line, and where to use it."""

    title: str
    text: str = ""
    url: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Note(Block):
    """A sentence: what happened, what comes."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Earns(Block):
    """Who earns by what others do here; not shown where nobody is asked to bring others."""

    text: str
    tone: str = ""

    @property
    def template(self) -> str:
        """It looks like a note."""
        return "note"


@dataclass(frozen=True, slots=True)
class Honour(Block):
    """What was done for others: a mark, and a line of thanks."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Proof(Block):
    """What was fixed beforehand, and where to check it."""

    commitment: str
    text: str
    url: str = ""

    @property
    def file(self) -> str:
        """The address of the proof file itself, which ``url`` checks."""
        return self.url.partition("=")[2]


@dataclass(frozen=True, slots=True)
class Next(Block):
    """Something to do: a verb of the mechanic, ``share``, or a link; the first counts most.

    ``fields`` go along unseen; ``asks`` are texts to type, by name, with their labels;
    ``choices`` one of some values, by name, with a label and the values' words.
    """

    verb: str
    label: str
    hint: str = ""
    url: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    asks: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)
