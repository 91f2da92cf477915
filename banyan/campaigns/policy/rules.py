"""A rule of a market or a channel: what it looks at, how grave it is, and where it comes from."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from .facts import Facts

Severity = Literal["block", "warn", "note"]


class Source(NamedTuple):
    """Where a rule is written; ``date``: from when on, as it stands there."""

    title: str
    article: str
    date: str
    url: str = ""

    @property
    def cited(self) -> str:
        """The source in one line of Markdown."""
        title = f"[{self.title}]({self.url})" if self.url else self.title
        return ", ".join(part for part in (title, self.article, self.date) if part)


HOUSE = Source("own rule of this platform", "", "")


@dataclass(frozen=True)
class Rule:
    """``check`` returns what is wrong, in the reader's language, or None.

    block: the campaign cannot be published. warn: somebody has to look. note: something to do.
    Its docstring is what the reference says of the rule.
    """

    code: str
    severity: Severity
    source: Source
    check: Callable[[Facts], str | None]

    @property
    def about(self) -> str:
        """What the rule asks for, in English, for the reference."""
        return " ".join((inspect.getdoc(self.check) or "").split())


@dataclass(frozen=True)
class Pack:
    """The rules of a market or a channel; ``version`` changes with them and is kept in records."""

    name: str
    version: str
    rules: tuple[Rule, ...]
