"""Plain values that components draw. Tags also take dicts or models with the same names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2s
from typing import Any, Literal

from banyan.kernel.money import Money

TONES = 6
PLACEHOLDERS = 64


def read(source: Any, name: str, default: Any = None) -> Any:
    """Return ``name`` of a dict or an object; a missing or None value gives ``default``."""
    value = source.get(name) if isinstance(source, Mapping) else getattr(source, name, None)
    return default if value is None else value


def tone_of(name: str) -> int:
    """Return the colour family (0-5) that always goes with ``name``."""
    return blake2s(name.encode(), digest_size=1).digest()[0] % TONES


_LUMA = (30, 68, 106, 144, 180, 212, 238)
_CHROMA = 22


def placeholder_colour(number: int) -> tuple[int, int, int]:
    """Return the red, green and blue that ``ph-NN`` paints; 63 is the neutral one."""
    if number == PLACEHOLDERS - 1:
        return (200, 194, 186)
    level, rest = divmod(number, 9)
    luma, cb, cr = _LUMA[level], (rest // 3 - 1) * _CHROMA, (rest % 3 - 1) * _CHROMA
    channels = (luma + 1.402 * cr, luma - 0.344 * cb - 0.714 * cr, luma + 1.772 * cb)
    red, green, blue = (min(255, max(0, round(channel))) for channel in channels)
    return (red, green, blue)


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
    """A post in a feed; ``picture`` may be None. ``price`` is the tagged product's, ``label`` says
    why the post is commercial, ``reason`` why it is shown."""

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
    label: str = ""


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
    """A step of a funnel: people, and where known the rate from the step before (0 to 1).

    ``url`` opens the list whose rows are these people."""

    label: str
    count: int
    rate: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A person in a share tree; ``kind`` is "root", "opened", "shared", "ordered", "bought", or
    "more" for ``count`` people who are not drawn one by one. With a ``name`` the person gets a
    face: ``picture_url``, else the initial."""

    id: str
    parent_id: str | None
    kind: str = "opened"
    label: str = ""
    name: str = ""
    picture_url: str = ""
    count: int = 0

    @property
    def initial(self) -> str:
        """The letter of a face without a picture."""
        return self.name[:1].upper()

    @property
    def tone(self) -> int:
        """The colour family of a face without a picture."""
        return tone_of(self.name)


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

    @property
    def view_box(self) -> str:
        """The part of the picture that is drawn on, with room for names; never a thin strip."""
        if not self.nodes:
            return f"0 0 {self.width} {self.height}"
        top = min(y - r for _node, _x, y, r in self.nodes) - 12
        bottom = max(y + r for _node, _x, y, r in self.nodes) + 22
        missing = max(0.0, self.height / 3 - (bottom - top)) / 2
        return f"0 {top - missing:.0f} {self.width} {bottom - top + 2 * missing:.0f}"

    def __iter__(self) -> Iterator[tuple[TreeNode, float, float, float]]:
        return iter(self.nodes)
