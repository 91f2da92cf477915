"""Asking the packs, and keeping what they said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import override

from . import house
from .facts import Facts
from .rules import Pack, Rule, Severity, Source


class Finding(NamedTuple):
    """What one rule said: ``text`` as who asked reads it, ``words`` by language."""

    code: str
    severity: Severity
    text: str
    source: Source
    words: dict[str, str]


@dataclass(frozen=True)
class Report:
    """What the rules said at a time; ``packs``: name -> version."""

    at: dt.datetime
    facts: Facts
    packs: Mapping[str, str]
    findings: tuple[Finding, ...]

    @property
    def blocks(self) -> list[Finding]:
        """What stands against publishing."""
        return [finding for finding in self.findings if finding.severity == "block"]

    def record(self) -> dict[str, Any]:
        """Return all of it for JSON: the record that is kept with a version of the campaign."""
        facts = {name: _plain(value) for name, value in asdict(self.facts).items()}
        before = facts.pop("before")
        return {
            "at": self.at.isoformat(),
            "packs": dict(self.packs),
            "facts": facts | {"changes": before is not None},
            "findings": [
                finding._asdict() | {"source": finding.source._asdict()}
                for finding in self.findings
            ],
        }


def lint(facts: Facts, packs: Sequence[Pack], *, at: dt.datetime) -> Report:
    """Ask the rules of the house and of ``packs``; texts are in the active language.

    Where packs have a rule of the same code, the last one's source counts.
    """
    asked = (house.PACK, *packs)
    rules = {rule.code: rule for pack in asked for rule in pack.rules}
    findings = [
        Finding(rule.code, rule.severity, text, rule.source, _words(rule, facts))
        for rule in rules.values()
        if (text := rule.check(facts)) is not None
    ]
    versions = {pack.name: pack.version for pack in asked}
    return Report(at=at, facts=facts, packs=versions, findings=tuple(findings))


def _words(rule: Rule, facts: Facts) -> dict[str, str]:
    """Return what a rule says in each language: a record is read by others than who asked."""
    words = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            words[language] = rule.check(facts) or ""
    return words


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
