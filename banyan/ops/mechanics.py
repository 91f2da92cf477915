"""The reference of mechanics, written from their files: terms, states, what comes of them."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable
from typing import Any

from django.utils import translation

from banyan.campaigns.mechanic import Mechanic, mechanics
from banyan.campaigns.problems import REASONS
from banyan.campaigns.terms import Asked
from banyan.kernel.diagrams import diagram

from .told import events_of, notices_of, posted_by

_REFUSED = re.compile(r'Refused\(\s*"(\w+)"')
_EVERYWHERE = (
    "not_yet", "over", "paused", "gone", "budget", "drained", "own", "twice",
    "tier", "tier_buyer", "tier_payer", "age_unknown", "too_young",
    "followers_only", "group_only", "declared_only",
)  # fmt: skip
"""What the engine itself refuses, whatever the mechanic."""


def pages() -> str:
    """Return a section for each mechanic of ours, then what each refusal says."""
    with translation.override("en"):
        ours = [one for one in mechanics().values() if type(one).__module__.startswith("banyan.")]
        return "\n\n".join([*(_section(one) for one in ours), _refusals()])


def _section(kind: Mechanic[Any]) -> str:
    about = inspect.cleandoc(type(kind).__doc__ or "").replace("``", "`")
    about = " ".join(about.split())
    parts = [
        f"## {kind.title} (`{kind.code}`)",
        str(kind.pitch),
        about,
        "\n".join(f"- {fact}" for fact in _facts(kind)),
        _terms(kind.terms.asked()),
        diagram(kind.machine),
    ]
    return "\n\n".join(parts)


def _facts(kind: Mechanic[Any]) -> Iterable[str]:
    scarce = ", ".join(f"`{verb}`" for verb in sorted(kind.scarce))
    yield f"Scarce: {scarce} takes a place, by one conditional UPDATE." if scarce else "No places."
    if kind.pooled:
        yield "Chance: all entries are one draw, when the campaign is over."
    elif kind.chance:
        yield "Chance: decided by a seed whose fingerprint is public beforehand."
    if kind.watches:
        yield "It is told of the orders of those who take part."
    if not kind.by_sharing:
        yield "Sharing brings no benefit."
    yield f"For honour alone: {kind.in_honour}"
    yield f"It ends: {', '.join(f'`{one}`' for one in kind.landings)}."
    yield f"Refusals of its own: {_codes(_own_refusals(kind))}."
    yield f"Events of its plays: {_names(events_of(kind))}."
    yield from _posted(kind)
    yield f"Notices: {_names(notices_of(kind))}."
    for name, one in kind.presets.items():
        terms = ", ".join(f"{key} {value}" for key, value in one.terms.items())
        yield f"Template `{name}`, {one.title}: {terms or 'the usual terms'}."


def _posted(kind: Mechanic[Any]) -> Iterable[str]:
    lines = [line.replace("``", "`") for line in posted_by(kind)]
    if not lines:
        yield "Posted to the ledger: nothing."
    for line in lines:
        yield f"Posted to the ledger: {line}."


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{one}`" for one in names) or "none"


def _own_refusals(kind: Mechanic[Any]) -> list[str]:
    source = inspect.getsource(sys.modules[type(kind).__module__])
    found = set(_REFUSED.findall(source)) - set(_EVERYWHERE)
    return sorted(found | ({"staff"} if kind.chance else set()))


def _codes(reasons: Iterable[str]) -> str:
    return ", ".join(f"`play_{one}`" for one in reasons) or "none"


def _terms(asked: Iterable[Asked]) -> str:
    rows = ["| term | what is asked | kind | usual | bounds |", "| --- | --- | --- | --- | --- |"]
    for one in asked:
        label = ". ".join(str(part) for part in (one.ask.label, one.ask.hint) if part)
        unit = f" ({one.ask.unit})" if one.ask.unit else ""
        usual = "–" if one.default in (None, ()) else f"`{one.default}`"
        rows.append(f"| `{one.name}` | {label}{unit} | {_kind(one)} | {usual} | {_bounds(one)} |")
    return "\n".join(rows)


def _kind(one: Asked) -> str:
    choices = ", ".join(f"`{key}`" for key, _text in one.ask.choices)
    return f"{one.ask.kind}: {choices}" if choices else one.ask.kind


def _bounds(one: Asked) -> str:
    if one.least is None and one.most is None:
        return ""
    least = "" if one.least is None else f"{one.least:,}"
    most = "" if one.most is None else f"{one.most:,}"
    return f"{least} to {most}" if most else f"from {least}"


def _refusals() -> str:
    rows = ["## What a refusal says", "| code | text | by |", "| --- | --- | --- |"]
    for reason, text in REASONS.items():
        by = "the engine" if reason in _EVERYWHERE else "a mechanic"
        rows.append(f"| `play_{reason}` | {text} | {by} |")
    return "\n".join([rows[0], "", *rows[1:]])
