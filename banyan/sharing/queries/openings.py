"""Every single opening of links: what the numbers of people are counted from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection

from .reach import Scope


@dataclass(frozen=True, slots=True)
class Opening:
    """One touch. ``person`` is the account, else the visitor, else the touch (see ``reach``)."""

    touch_id: int
    link_id: int
    at: dt.datetime
    person: str
    account_id: int | None
    channel: str
    verdict: str
    confirmed_at: dt.datetime | None


def openings(scope: Scope) -> list[Opening]:
    """Return all openings of the links of ``scope``, robots and owners too, by time. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT touch.id, touch.link_id, touch.at,
                   coalesce('a' || touch.account_id, 'v' || nullif(touch.visitor, ''),
                            't' || touch.id),
                   touch.account_id, touch.channel, touch.verdict, touch.confirmed_at
            FROM sharing_touch touch JOIN sharing_link link ON link.id = touch.link_id
            WHERE {scope.where}
            ORDER BY touch.at, touch.id
            """,  # noqa: S608 (scopes are our own text)
            scope.params,
        )
        return [Opening(*row) for row in cursor.fetchall()]
