"""Kinds of notification: how each is told, in the reader's language, when the page is made.

Floors above register theirs in ``AppConfig.ready()``:
``kinds.register("order.paid", tell, icon="orders", family="shop")``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from .families import FAMILIES, OTHER, Family


@dataclass(frozen=True, slots=True)
class Happening:
    """What a notification knows: ``n`` things happened; ``names`` are the last three people's.

    ``who`` is a ready phrase in the reader's language: "Ana", "Ana and Ben", "Ana and 7 others".
    """

    n: int
    names: tuple[str, ...]
    who: str
    data: Mapping[str, Any] = field(default_factory=dict)


Tell = Callable[[Happening], str]


@dataclass(frozen=True, slots=True)
class Kind:
    """``tell`` returns one translated sentence; ``icon`` names an icon of the design system.

    ``family`` is whose switches decide where it is told.
    """

    name: str
    tell: Tell
    icon: str = "bell"
    family: Family = FAMILIES[OTHER]


_kinds: dict[str, Kind] = {}


def register(name: str, tell: Tell, *, icon: str = "bell", family: str = OTHER) -> None:
    """Make a kind known, in one of ``families.FAMILIES``; the last registration counts."""
    _kinds[name] = Kind(name, tell, icon, FAMILIES[family])


def registered() -> list[Kind]:
    """Return every kind that is known, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def known(name: str) -> Kind | None:
    """Return the kind, or None when nobody registered it (any more)."""
    return _kinds.get(name)


def require(name: str) -> Kind:
    """Return the kind; ImproperlyConfigured when nobody says how to tell it."""
    kind = _kinds.get(name)
    if kind is None:
        raise ImproperlyConfigured(f"nobody tells notifications of the kind {name}")
    return kind
