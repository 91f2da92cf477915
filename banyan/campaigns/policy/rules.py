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


HOUSE = Source("Banyan, its own rule", "docs/reference/campaign-policy.md", "2026")


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
