"""Pure rules of the market: conditions, reasons, distances. No database, no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""
GRID = 100
"""Places are kept to a hundredth of a degree, about a kilometre: near enough, and no address."""

CONDITIONS = {
    "new": _("New, never used"),
    "like_new": _("Like new"),
    "good": _("Good, with signs of use"),
    "fair": _("Works, clearly used"),
}
HANDOVERS = {
    "post": _("By post"),
    "meet": _("Handed over in person"),
    "both": _("By post or in person"),
}
REASONS = {
    "not_arrived": _("It did not arrive"),
    "not_as_described": _("It is not as described"),
    "damaged": _("It is damaged"),
    "counterfeit": _("It is not genuine"),
    "other": _("Something else"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the grid, in whole hundredths of a degree."""

    latitude: int
    longitude: int


def place_of(latitude: float, longitude: float) -> Place | None:
    """Return the place of two degrees, rounded to the grid; None when they are none."""
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return Place(round(latitude * GRID), round(longitude * GRID))


def distance_km(a: Place, b: Place) -> float:
    """Return the great-circle distance (haversine formula) between two places."""
    lat1, lat2 = math.radians(a.latitude / GRID), math.radians(b.latitude / GRID)
    d_lat = lat2 - lat1
    d_lon = math.radians((b.longitude - a.longitude) / GRID)
    h = math.sin(d_lat / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin(d_lon / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(h)))


def box(center: Place, km: float) -> tuple[int, int, list[tuple[int, int]]]:
    """Return what contains every place within ``km``: lowest and highest latitude, longitudes.

    The longitudes are one range, or two where the circle crosses the date line; all of them near
    a pole. In grid steps, both ends included.
    """
    reach = math.degrees(km / EARTH_KM) * GRID
    low, high = math.floor(center.latitude - reach), math.ceil(center.latitude + reach)
    edge = max(abs(low), abs(high)) / GRID
    if edge >= 89:
        return low, high, [(-180 * GRID, 180 * GRID)]
    wide = math.ceil(reach / math.cos(math.radians(edge))) + 1
    west, east = center.longitude - wide, center.longitude + wide
    turn = 360 * GRID
    if wide >= turn // 2:
        return low, high, [(-180 * GRID, 180 * GRID)]
    if west < -180 * GRID:
        return low, high, [(west + turn, 180 * GRID), (-180 * GRID, east)]
    if east > 180 * GRID:
        return low, high, [(west, 180 * GRID), (-180 * GRID, east - turn)]
    return low, high, [(west, east)]
