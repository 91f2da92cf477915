"""Trades and their refunds, in memory, on a clock that a test may move.

States: https://docs.open.alipay.com/270/105902/ (WAIT_BUYER_PAY, TRADE_CLOSED, TRADE_SUCCESS,
TRADE_FINISHED). Money is in fen here and in yuan with two decimals outside.
"""

from __future__ import annotations

import datetime as dt
import itertools
import threading
from dataclasses import dataclass, field

BEIJING = dt.timezone(dt.timedelta(hours=8))
FORM = "%Y-%m-%d %H:%M:%S"


def yuan(fen: int) -> str:
    """Return an amount as the API writes it."""
    return f"{fen // 100}.{fen % 100:02d}"


def written(moment: dt.datetime) -> str:
    """Return a moment as the API writes it."""
    return moment.astimezone(BEIJING).strftime(FORM)


@dataclass
class Refund:
    """One request to refund; ``done_at`` is empty while it is under way."""

    request_no: str
    fen: int
    asked_at: dt.datetime
    done_at: dt.datetime | None = None


@dataclass
class Trade:
    """One order of the merchant's."""

    out_trade_no: str
    trade_no: str
    fen: int
    subject: str
    created_at: dt.datetime
    closes_at: dt.datetime | None
    notify_url: str
    return_url: str
    status: str = "WAIT_BUYER_PAY"
    paid_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    currency: str = ""
    told_fen: int | None = None
    refunds: dict[str, Refund] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """The amount that answers and notifications name."""
        return yuan(self.fen if self.told_fen is None else self.told_fen)

    @property
    def asked_back(self) -> int:
        """The sum of all refunds, under way or done."""
        return sum(refund.fen for refund in self.refunds.values())

    @property
    def given_back(self) -> int:
        """The sum of the refunds that are done."""
        return sum(refund.fen for refund in self.refunds.values() if refund.done_at)


@dataclass
class Settings:
    """What a test may ask of the gateway, beyond what is published.

    ``notices``: "sent" at once, "held" until the test takes them, or "lost". ``refunds``:
    "at_once" or "later" (at the test's word). ``answers``: "sealed", "tampered", "unsigned",
    "down" (503) or "busy" (20000). ``repeats``: a refund that was taken and is asked for again is
    "known", or "refused" like a new one.
    """

    notices: str = "sent"
    refunds: str = "at_once"
    refuse_refund: str = ""
    refuse_query: str = ""
    repeats: str = "known"
    answers: str = "sealed"
    copies: int = 1
    told_fen: int | None = None
    currency: str = ""


class Trades:
    """All trades; the lock is held by whoever reads or changes them."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.settings = Settings()
        self.by_number: dict[str, Trade] = {}
        self._ahead = dt.timedelta()
        self._numbers = itertools.count(1)

    def now(self) -> dt.datetime:
        """Return the gateway's time."""
        return dt.datetime.now(dt.UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the gateway's clock on."""
        self._ahead += dt.timedelta(seconds=seconds)

    def next_number(self) -> str:
        """Return a number of the gateway's own, as long as the real ones."""
        day = self.now().astimezone(BEIJING).strftime("%Y%m%d")
        return f"{day}22001{next(self._numbers):015d}"

    def overdue(self) -> list[Trade]:
        """Close what was not paid in time; return those trades."""
        found = []
        for trade in self.by_number.values():
            waiting = trade.status == "WAIT_BUYER_PAY"
            if waiting and trade.closes_at is not None and self.now() >= trade.closes_at:
                trade.status, trade.closed_at = "TRADE_CLOSED", self.now()
                found.append(trade)
        return found
