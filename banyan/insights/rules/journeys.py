"""Who brought whom: share links and openings as a tree of people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shared:
    """``person`` made ``link``; ``parent`` is the link they had come through, None for the root."""

    link: int
    parent: int | None
    person: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """``person`` came through ``link``: opened it and the page ran, or ordered."""

    link: int
    person: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Joined:
    """A person's place in the tree: the first thing they did in it.

    ``parent`` is the person whose link they came through, ``link`` that link; both None for the
    root. ``shared`` tells whether the first thing was a share of their own.
    """

    person: str
    parent: str | None
    link: int | None
    depth: int
    at: dt.datetime
    shared: bool


def people_tree(shares: Iterable[Shared], opened: Iterable[Opened]) -> dict[str, Joined]:
    """Return everybody who shared or saw, once each, in the order they joined.

    A person's first share or opening decides where they stand; everything later is a repeat.
    ``shares`` holds the root first and every parent before its children. Nothing can be older
    than the link it came through: where two machines' clocks say so, the link's time counts.
    """
    links = {share.link: share for share in shares}
    made: dict[int, dt.datetime] = {}
    happened: list[tuple[dt.datetime, int, int, str, int | None]] = []
    for number, share in enumerate(links.values()):
        made[share.link] = share.at if share.parent is None else max(share.at, made[share.parent])
        happened.append((made[share.link], 0, number, share.person, share.parent))
    for number, seen in enumerate(opened):
        at = max(seen.at, made[seen.link])
        happened.append((at, 1, number, seen.person, seen.link))
    joined: dict[str, Joined] = {}
    for at, kind, _number, person, link in sorted(happened, key=lambda each: each[:3]):
        if person in joined:
            continue
        parent = None if link is None else links[link].person
        depth = 0 if parent is None else joined[parent].depth + 1
        joined[person] = Joined(person, parent, link, depth, at, kind == 0)
    return joined
