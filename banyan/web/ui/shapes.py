"""Plain values that components draw. Tags also take dicts or models with the same names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from zlib import crc32

from banyan.kernel.money import Money

TONES = 6
PLACEHOLDERS = 64


def read(source: Any, name: str, default: Any = None) -> Any:
    """Return ``name`` of a dict or an object; a missing or None value gives ``default``."""
    value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
    return default if value is None else value


def tone_of(name: str) -> int:
    """Return the colour family (0-5) that always goes with ``name``."""
    return crc32(name.encode()) % TONES


def placeholder_of(red: int, green: int, blue: int) -> int:
    """Return the number (0-63) of the ``ph-NN`` class nearest to an average colour (0-255 each)."""
    return (red >> 6) << 4 | (green >> 6) << 2 | blue >> 6


@dataclass(frozen=True, slots=True)
class Face:
    """A person as shown: ``name`` is the public name, ``picture_url`` a small square or empty."""

    name: str
    url: str = ""
    picture_url: str = ""
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """One ``<source>``: a MIME type and a ``srcset`` with width descriptors."""

    type: str
    srcset: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A responsive picture. ``width`` and ``height`` are pixels of ``src``; ``alt`` may be empty
    on purpose; ``placeholder`` is the ``ph-NN`` number of the average colour or None."""

    src: str
    width: int
    height: int
    alt: str = ""
    sources: tuple[Source, ...] = ()
    srcset: str = ""
    placeholder: int | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """A product tag on a picture; ``x`` and ``y`` run from 0 to 1 from the top left."""

    x: float
    y: float
    text: str
    url: str
    price: Money | None = None


@dataclass(frozen=True, slots=True)
class PostCard:
    """A post in a feed. ``price`` is the tagged product's; ``via`` the faces it came through."""

    url: str
    title: str
    picture: Any
    author: Any
    price: Money | None = None
    likes: int = 0
    liked: bool = False
    like_url: str = ""
    pictures: int = 1
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product in a grid; ``was`` is the struck price, ``sub`` one quiet line (shop, sold)."""

    url: str
    title: str
    picture: Any
    price: Money
    was: Money | None = None
    sub: str = ""
    sold_out: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a timeline. ``state`` is "", "good", "bad" or "next" (not yet happened)."""

    text: str
    time: datetime | None = None
    actor: str = ""
    detail: str = ""
    url: str = ""
    state: Literal["", "good", "bad", "next"] = ""


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step of a funnel: people, and where known the rate from the step before (0 to 1)."""

    label: str
    count: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A person in a share tree; ``kind`` is "root", "opened", "shared" or "bought"."""

    id: str
    parent_id: str | None
    kind: str = "opened"
    label: str = ""
    new: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab that is a link."""

    text: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(slots=True)
class Tree:
    """A placed tree: what ``svg.place`` returns, in drawing order."""

    width: int
    height: int
    edges: list[tuple[float, float, float, float]] = field(default_factory=list)
    nodes: list[tuple[TreeNode, float, float, float]] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[TreeNode, float, float, float]]:
        return iter(self.nodes)
