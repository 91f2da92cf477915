"""The time zone of a page: a shop's in its studio, the member's elsewhere, the site's for guests.

Everything that writes a moment for people goes by Django's current zone, which is decided here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from .accounts import chosen_zone


class ReadersZone(dt.tzinfo):
    """The zone of who asks; the account is read when the first moment is written."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @cached_property
    def zone(self) -> ZoneInfo:
        """The chosen zone, or the site's."""
        known = settings.SESSION_COOKIE_NAME in self.request.COOKIES
        return ZoneInfo((known and chosen_zone(self.request)) or settings.SITE_TIME_ZONE)

    def fromutc(self, moment: dt.datetime) -> dt.datetime:
        """Return a moment of UTC as it is there."""
        return self.zone.fromutc(moment.replace(tzinfo=self.zone))

    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta | None:
        """Return the distance from UTC."""
        return self.zone.utcoffset(moment)

    def dst(self, moment: dt.datetime | None) -> dt.timedelta | None:
        """Return what summer adds."""
        return self.zone.dst(moment)

    def tzname(self, moment: dt.datetime | None) -> str | None:
        """Return the zone's short name."""
        return self.zone.tzname(moment)

    def __str__(self) -> str:
        return str(self.zone)


class ZoneMiddleware:
    """Let every page begin in the zone of who asks; the studio then takes its shop's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Handle one request; the zone ends with it."""
        with timezone.override(ReadersZone(request)):
            return self.get_response(request)


def take(name: str) -> None:
    """Write the moments of this request's page in another zone than its reader's."""
    timezone.activate(ZoneInfo(name))
