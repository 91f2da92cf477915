"""Which of several zones a place belongs to: the nearest one that names it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

Z = TypeVar("Z")
EVERYWHERE = "*"
MOST_PLACES = 300
_PLACE = re.compile(r"^(?:\*|[A-Z]{2}(?::[^\s:,][^:,]{0,39})?)$")


@dataclass(frozen=True, slots=True)
class Place:
    """Where something goes: country code, province or state, postcode; the latter may be empty."""

    country: str
    region: str = ""
    postcode: str = ""


def is_place(text: str) -> bool:
    """Tell whether ``text`` names places: "*", "DE", or "US:CA" (the region's beginning)."""
    return bool(_PLACE.match(text))


def read_places(text: str) -> list[str]:
    """Return the places that are typed in lines or with commas between them, each once."""
    typed = (part.strip() for part in re.split(r"[,\n]", text))
    found: dict[str, None] = {}
    for one in typed:
        country, colon, region = one.partition(":")
        found[country.strip().upper() + colon + region.strip()] = None
    return [one for one in found if one]


def nearness(named: str, place: Place) -> int | None:
    """Return how closely ``named`` meets a place, None when it does not: longer is nearer."""
    if named == EVERYWHERE:
        return 0
    country, _colon, region = named.partition(":")
    if country != place.country:
        return None
    begins = region.casefold()
    if not (place.region.casefold().startswith(begins) or _begins(place.postcode, begins)):
        return None
    return 1 + len(region)


def _begins(postcode: str, begins: str) -> bool:
    return postcode.replace(" ", "").casefold().startswith(begins.replace(" ", ""))


def nearest(zones: Iterable[tuple[Z, Sequence[str]]], place: Place) -> Z | None:
    """Return the zone that names the place most closely; of equals, the first."""
    best: tuple[int, Z] | None = None
    for zone, places in zones:
        for named in places:
            near = nearness(named, place)
            if near is not None and (best is None or near > best[0]):
                best = (near, zone)
    return best[1] if best else None
