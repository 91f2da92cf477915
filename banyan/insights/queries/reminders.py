"""Whether reminding of a coupon that ends makes people use it: those reminded, those held out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from banyan.entitlements.reminders import ENDING
from banyan.experiments.models import HELD_OUT, TREATED
from banyan.insights.rules import Difference, Proportion, Span, done_within
from banyan.kernel import clock

LEAST = 30
"""How many people each group must have before anything is said about a difference."""
MARKS = (1, 3, 7, 14, 30)
"""The days after a coupon was given at which it is told how many had used it."""
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Group:
    """One arm: ``people`` of whom it is known what they did, ``used`` of them, and when.

    ``waiting`` still hold a coupon that has not ended. ``curve`` has a share for each of MARKS.
    """

    people: int
    used: int
    waiting: int
    share: Proportion | None
    curve: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class ReminderReport:
    """Both groups, and what the reminder adds; None with fewer than LEAST people in one."""

    reminded: Group
    held_out: Group
    lift: Difference | None

    @property
    def verdict(self) -> str:
        """What can be said: not_enough, cannot_tell, more, or less."""
        if self.lift is None:
            return "not_enough"
        if not self.lift.is_told:
            return "cannot_tell"
        return "more" if self.lift.value > 0 else "less"


def reminder_report(coupon_id: int) -> ReminderReport:
    """Return how reminding went for a coupon that the reader may see. One statement.

    A person counts once, with the first coupon of this kind that ended for them.
    """
    rows: dict[str, list[_Row]] = {TREATED: [], HELD_OUT: []}
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, [ENDING, coupon_id])
        for arm, given, ends, used in cursor.fetchall():
            rows[arm].append(_Row(given, ends, used))
    now = clock.now()
    reminded, held_out = (_group(rows[arm], now) for arm in (TREATED, HELD_OUT))
    lift = None
    if reminded.share and held_out.share and min(reminded.people, held_out.people) >= LEAST:
        lift = Difference.of(reminded.share, held_out.share)
    return ReminderReport(reminded, held_out, lift)


@dataclass(frozen=True, slots=True)
class _Row:
    given: dt.datetime
    ends: dt.datetime
    used: dt.datetime | None


# A coupon that came back from its order is in its holder's hands again: not used.
_ROWS = """
SELECT DISTINCT ON (exposed.account_id) exposed.arm, mine.created_at, mine.expires_at,
       CASE WHEN mine.state = 'redeemed' THEN greatest(its.created_at, exposed.at) END
FROM experiments_exposure AS exposed
JOIN entitlements_grant AS mine ON mine.id = exposed.unit_id
LEFT JOIN entitlements_redemption AS its
  ON its.checkout_id = mine.checkout_id AND its.coupon_id = mine.coupon_id
WHERE exposed.experiment = %s AND exposed.subject_id = %s
ORDER BY exposed.account_id, exposed.id
"""


def _group(rows: Sequence[_Row], now: dt.datetime) -> Group:
    known = [row for row in rows if row.used or row.ends <= now]
    used = sum(row.used is not None for row in known)
    spans = [
        Span(((row.used or min(row.ends, now)) - row.given).total_seconds() / _DAY, bool(row.used))
        for row in rows
    ]
    return Group(
        people=len(known),
        used=used,
        waiting=len(rows) - len(known),
        share=Proportion.of(used, len(known)),
        curve=done_within(spans, MARKS),
    )
