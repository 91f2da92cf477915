"""The daily allowance: how often one person is disturbed a day, over all kinds (INV-14)."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import connection

from banyan.kernel import clock

from ..models import Allowance
from ..rules import local_day

KEPT = dt.timedelta(days=8)
# One conditional statement, with the table's CHECK behind it.
_TAKE = """
INSERT INTO notify_allowance AS a (who, day, used, cap) VALUES (%s, %s, 1, %s)
ON CONFLICT (who, day) DO UPDATE SET used = a.used + 1 WHERE a.used < a.cap
RETURNING used
"""


def take(*, who: str, zone: str = "UTC") -> bool:
    """Take one of the person's allowance for their day; False when it is used up.

    ``who``: see ``Allowance``. The cap is the setting's on the day's first message. Locks the
    person's row until the caller's transaction ends.
    """
    cap = int(settings.NOTIFY_DAILY_CAP)
    if cap < 1:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [who, local_day(clock.now(), zone), cap])
        return cursor.fetchone() is not None


def member(account_id: int) -> str:
    """Return how a member is called in allowances."""
    return f"account:{account_id}"


def forget_old_days() -> int:
    """Delete allowances of days that are over everywhere; returns how many."""
    return Allowance.objects.filter(day__lt=(clock.now() - KEPT).date()).delete()[0]
