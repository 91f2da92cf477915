"""References, waiting times and verdicts of payments. No database, no clock."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from banyan.kernel.problems import Invalid

OPEN = ("created", "pending", "failed")
CLOSED = ("cancelled", "expired")
SETTLED = ("captured", "captured_unplaced")
# Of a refund: nothing of it has left.
UNSENT = ("requested", "failed")
# Of a chargeback: the bank has it in hand; and of these, it has taken the money meanwhile.
CHARGEBACK_OPEN = ("inquiry", "needs_response", "under_review")
CHARGEBACK_TAKEN = ("needs_response", "under_review")
# ... and somebody may answer it at the provider.
CHARGEBACK_ANSWER = ("inquiry", "needs_response")
CHARGEBACK_CHECK = dt.timedelta(hours=6)
CHARGEBACK_PATIENCE = dt.timedelta(days=30)  # with money that is to come back for a won one

# The destination of a refund that becomes credit here, instead of going back outside.
TO_WALLET = "wallet"
LONGEST_DESTINATION = 120
# The subject of what is paid by a request: it is its payee's as a whole, none of it is passed on.
REQUEST = "payment_request"
REFUND_PROMISE = dt.timedelta(days=10)
# With what is to come back from a merchant for a refund, and with a part that a provider refuses.
# Longer than a day: so long it may repeat the same answer.
PATIENCE = SPLIT_PATIENCE = dt.timedelta(days=3)
LAST_WORD = dt.timedelta(minutes=1)  # that a provider has to say how a payment ended
FIRST_CHECK = dt.timedelta(seconds=30)
LONGEST_CHECK = dt.timedelta(minutes=15)
FIRST_TRY = dt.timedelta(seconds=5)
LONGEST_TRY = dt.timedelta(hours=1)
FIRST_SPLIT_TRY = dt.timedelta(minutes=1)
LONGEST_SPLIT_TRY = dt.timedelta(hours=6)

_REFERENCE = re.compile(r"(pay|refund|payout|return)-([1-9]\d{0,18})-([1-9]\d{0,3})")


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
    CHARGEBACK = "chargeback"
    DISPUTED = "disputed"  # of messages that a person had looked at before chargebacks were booked
    IGNORED = "ignored"


NEEDS_A_PERSON = (
    Outcome.AMOUNT_MISMATCH,
    Outcome.SECOND_PAYMENT,
    Outcome.CONTRADICTION,
    Outcome.UNKNOWN_REFERENCE,
    Outcome.DISPUTED,
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


BY_LINK = "link"


def lane_of(context: Mapping[str, str], *, by_channel: bool) -> str:
    """Return who shares one open attempt at the provider: the same address to pay at.

    ``context`` is as ``payers.sealed`` keeps it; ``by`` in it is BY_LINK for who pays by a link,
    whose way back is another than the buyer's. Where the provider opens a payment for one kind of
    page (``by_channel``), each kind has a lane, and in it each payer who was asked who they are
    (``payer``: the mark of their id) or whose network address was told (``place``: its mark). The
    empty lane is the buyer's in a plain browser.
    """
    channel = context.get("channel", "") if by_channel else ""
    kind = "" if channel in ("web", "native") else channel
    payer = context.get("payer") or (context.get("place", "") if kind else "")
    parts = (context.get("by", ""), kind, payer[:16])
    return ":".join(part for part in parts if part)


class Fate(StrEnum):
    """What became of one payer, where several may pay the same thing."""

    WAITING = "waiting"
    REVIEW = "review"
    PAID = "paid"
    TOO_LATE = "too_late"
    SECOND = "second"
    SPARED = "spared"
    UNSURE = "unsure"
    OVER = "over"


def fate_of(*, state: str, captured_ref: str, provider_ref: str, outcome: str) -> Fate:
    """Return what became of the payer of an attempt (``provider_ref``, ``outcome``).

    ``state`` and ``captured_ref`` are the payment's. REVIEW has paid an unexpected amount, which a
    person looks at; SECOND has paid what was paid already and gets it back; SPARED has paid
    nothing, since somebody else has; UNSURE may have paid what was given up: the provider has yet
    to say.
    """
    if outcome == "mismatch":
        return Fate.REVIEW
    if state in CLOSED:
        return Fate.UNSURE if provider_ref and not outcome else Fate.OVER
    if state not in SETTLED:
        return Fate.WAITING
    if outcome == "captured" and provider_ref != captured_ref:
        return Fate.SECOND
    if state == "captured_unplaced":
        return Fate.TOO_LATE
    return Fate.PAID if outcome == "captured" else Fate.SPARED


def check_delay(checks: int) -> dt.timedelta:
    """Return the pause before asking a provider again: 30 s, doubling up to 15 minutes."""
    return min(FIRST_CHECK * (1 << min(checks, 10)), LONGEST_CHECK)


def try_delay(tries: int) -> dt.timedelta:
    """Return the pause before submitting again after a failed try: 5 s, doubling up to 1 hour."""
    return min(FIRST_TRY * (1 << min(tries, 12)), LONGEST_TRY)


def split_delay(tries: int) -> dt.timedelta:
    """Return the pause before a part that was refused is sent again: 1 minute up to 6 hours."""
    return min(FIRST_SPLIT_TRY * (1 << min(tries, 12)), LONGEST_SPLIT_TRY)


def chargeback_check(
    *, state: str, taken: int, closed_at: dt.datetime | None, now: dt.datetime
) -> dt.datetime | None:
    """Return when the provider is asked next about a chargeback; None when it is over.

    Every six hours while it is open, and for a month while money of a won one is to come back.
    """
    coming = state != "lost" and taken > 0
    if closed_at is None or (coming and now < closed_at + CHARGEBACK_PATIENCE):
        return now + CHARGEBACK_CHECK
    return None


def covered_by(*, taken: int, room: int, unsent: Collection[int]) -> int | None:
    """Return how much of what a bank takes had been promised back already, and is unsent.

    ``room`` is what of the payment is neither promised back nor taken, ``unsent`` the amounts of
    the refunds that nothing has left of. All of them or none; None when it is more than was paid.
    """
    over = taken - room
    if over <= 0:
        return 0
    return over if over == sum(unsent) else None


def is_late(*, state: str, paid_at: dt.datetime, expires_at: dt.datetime) -> bool:
    """Tell whether money paid at ``paid_at`` comes too late for an intent in ``state``.

    The payer's moment decides, not the moment we hear of it; but what was given up is given up.
    """
    return state in CLOSED or paid_at >= expires_at


def check_destination(text: str) -> None:
    """Refuse what no refund's destination is; Invalid ``destination``."""
    if len(text) > LONGEST_DESTINATION:
        told = _("At most %(n)d letters.") % {"n": LONGEST_DESTINATION}
        raise Invalid(fields={"destination": told})
