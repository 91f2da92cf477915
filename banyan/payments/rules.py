"""References, waiting times and verdicts of payments. No database, no clock."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum

OPEN = ("created", "pending", "failed")
CLOSED = ("cancelled", "expired")
SETTLED = ("captured", "captured_unplaced")

# The destination of a refund that becomes credit here, instead of going back outside.
TO_WALLET = "wallet"
REFUND_PROMISE = dt.timedelta(days=10)
FIRST_CHECK = dt.timedelta(seconds=30)
LONGEST_CHECK = dt.timedelta(minutes=15)
FIRST_TRY = dt.timedelta(seconds=5)
LONGEST_TRY = dt.timedelta(hours=1)

_REFERENCE = re.compile(r"(pay|refund|payout)-([1-9]\d{0,18})-([1-9]\d{0,3})")


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where a refund may go besides back: the payer's ``wallet`` here, or ``elsewhere``."""

    wallet: bool
    elsewhere: bool


class Outcome(StrEnum):
    """What became of a provider's message; stored with it, shown in the story of an order."""

    CAPTURED = "captured"
    ALREADY_CAPTURED = "already_captured"
    UNPLACED = "unplaced"
    SECOND_PAYMENT = "second_payment"
    AMOUNT_MISMATCH = "amount_mismatch"
    DECLINED = "declined"
    ATTEMPT_CLOSED = "attempt_closed"
    SETTLED = "settled"
    ALREADY_SETTLED = "already_settled"
    STALE = "stale"
    CONTRADICTION = "contradiction"
    UNKNOWN_REFERENCE = "unknown_reference"
    IGNORED = "ignored"


NEEDS_A_PERSON = (
    Outcome.AMOUNT_MISMATCH,
    Outcome.SECOND_PAYMENT,
    Outcome.CONTRADICTION,
    Outcome.UNKNOWN_REFERENCE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """What we call a payment, refund or payout towards a provider: ``pay-<id>-<number>``.

    ``number`` counts attempts: a provider may refuse to see the same reference twice. Only
    letters, digits and "-", at most 31 characters, which every provider we know accepts.
    """

    kind: str
    id: int
    number: int

    def __str__(self) -> str:
        return f"{self.kind}-{self.id}-{self.number}"

    @classmethod
    def parse(cls, text: str) -> Reference | None:
        """Return the reference in ``text``, or None when it is not one of ours."""
        match = _REFERENCE.fullmatch(text)
        return cls(match[1], int(match[2]), int(match[3])) if match else None


def check_delay(checks: int) -> dt.timedelta:
    """Return the pause before asking a provider again: 30 s, doubling up to 15 minutes."""
    return min(FIRST_CHECK * (1 << min(checks, 10)), LONGEST_CHECK)


def try_delay(tries: int) -> dt.timedelta:
    """Return the pause before submitting again after a failed try: 5 s, doubling up to 1 hour."""
    return min(FIRST_TRY * (1 << min(tries, 12)), LONGEST_TRY)


def is_late(*, state: str, paid_at: dt.datetime, expires_at: dt.datetime) -> bool:
    """Tell whether money paid at ``paid_at`` comes too late for an intent in ``state``.

    The payer's moment decides, not the moment we hear of it; but what was given up is given up.
    """
    return state in CLOSED or paid_at >= expires_at
