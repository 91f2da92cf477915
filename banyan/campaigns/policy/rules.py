"""A rule of a market or a channel: what it looks at, how grave it is, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from django.utils.translation import gettext as _

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

    @property
    def told(self) -> str:
        """The source in one line, in the reader's language where it is our own."""
        if self.title == HOUSE.title:
            return _("rules of this site")
        return ", ".join(part for part in (self.title, self.article, self.date) if part)


HOUSE = Source("own rule of this platform", "", "")


@dataclass(frozen=True)
class Rule:
    """``check`` returns what is wrong, in the reader's language, or None.

    block: the campaign cannot be published. warn: somebody has to look. note: something to do.
    ``says`` is what it asks for, for the reference and the public rules.
    """

    code: str
    severity: Severity
    source: Source
    check: Callable[[Facts], str | None]
    says: Any

    def by(self, source: Source) -> Rule:
        """Return the same rule where a market has written it itself."""
        return replace(self, source=source)


@dataclass(frozen=True)
class Pack:
    """The rules of a market or a channel; ``version`` changes with them and is kept in records."""

    name: str
    version: str
    rules: tuple[Rule, ...]
