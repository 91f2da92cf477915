"""Quiet hours and digests by a member's own clock. Pure: no database, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DAILY, WEEKLY = "daily", "weekly"
DIGESTS = ("", DAILY, WEEKLY)
ALL, REQUESTS, NOBODY = "all", "requests", "none"
STRANGERS = (ALL, REQUESTS, NOBODY)
DIGEST_HOUR = 8
MONDAY = 0
_PLACES = ("Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
ZONE_OF_LANGUAGE = {"zh-hans": "Asia/Shanghai", "zh-hant": "Asia/Taipei"}


@cache
def zones() -> tuple[str, ...]:
    """Return the names of time zones that people choose from: UTC, then places by name."""
    places = (name for name in available_timezones() if name.split("/")[0] in _PLACES)
    return ("UTC", *sorted(places))


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours of a day, in minutes after midnight, in which nothing sounds; may pass midnight."""

    start: int
    end: int
    zone: str

    def over_at(self, moment: dt.datetime) -> dt.datetime | None:
        """Return when the quiet that holds at ``moment`` ends, in UTC; None outside of it.

        The hours are half open. Where the clock is put forward over their end, they end then.
        """
        here = ZoneInfo(self.zone)
        local = moment.astimezone(here)
        minute = local.hour * 60 + local.minute
        passes_midnight = self.start > self.end
        before_midnight = passes_midnight and minute >= self.start
        inside = before_midnight or (
            minute < self.end and (passes_midnight or minute >= self.start)
        )
        if not inside:
            return None
        day = local.date() + dt.timedelta(days=1 if before_midnight else 0)
        end = dt.datetime.combine(day, dt.time(self.end // 60, self.end % 60), here)
        return max(end.astimezone(dt.UTC), moment.astimezone(dt.UTC) + dt.timedelta(minutes=1))


def local_day(moment: dt.datetime, zone: str) -> dt.date:
    """Return which day it is for somebody there."""
    return moment.astimezone(ZoneInfo(zone)).date()


def next_digest(moment: dt.datetime, zone: str, every: str) -> dt.datetime | None:
    """Return the next eight o'clock after ``moment``, of a Monday for weekly ones; UTC."""
    if every not in (DAILY, WEEKLY):
        return None
    here = ZoneInfo(zone)
    day = moment.astimezone(here).date()
    while True:
        due = dt.datetime.combine(day, dt.time(DIGEST_HOUR), here).astimezone(dt.UTC)
        if due > moment and (every == DAILY or day.weekday() == MONDAY):
            return due
        day += dt.timedelta(days=1)


def digest_start(due: dt.datetime, zone: str, every: str) -> dt.datetime:
    """Return since when a digest tells that was due then: the same hour a day or week before."""
    here = due.astimezone(ZoneInfo(zone))  # by its clock, so that a day may have 25 hours
    return (here - dt.timedelta(days=7 if every == WEEKLY else 1)).astimezone(dt.UTC)


def minutes_of(text: str) -> int | None:
    """Return "22:30" as minutes after midnight; None for what is no time of day."""
    try:
        found = dt.time.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.hour * 60 + found.minute


def clock_text(minutes: int | None) -> str:
    """Return minutes after midnight as "22:30"; "" for None."""
    return "" if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
