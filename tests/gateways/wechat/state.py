"""What the gateway remembers while it runs."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .keys import Keys

CHINA = dt.timezone(dt.timedelta(hours=8))


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """An error answer: ``code`` and ``message`` as published, with their HTTP status.

    Public codes and those of an interface stand at the end of each interface's page.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        super().__init__(code)


@dataclass
class Order:
    """An order: what it was placed with, and what became of it."""

    out_trade_no: str
    trade_type: str
    asked: dict[str, Any]
    token: str
    state: str = "NOTPAY"
    transaction_id: str = ""
    success_time: str = ""
    openid: str = ""
    paid: dict[str, Any] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return int(self.asked["amount"]["total"])


@dataclass
class Page:
    """An address that was given out to pay an order in a telephone's browser."""

    order: Order
    made_at: float


@dataclass
class Refund:
    """A refund: what it was asked with, and what became of it."""

    out_refund_no: str
    refund_id: str
    order: Order
    asked: dict[str, Any]
    create_time: str
    status: str = "PROCESSING"
    success_time: str = ""


@dataclass
class Code:
    """What a browser brings back from the silent authorisation."""

    appid: str
    openid: str
    made_at: float
    used: bool = False


@dataclass
class Share:
    """Money of an order that is passed on to a receiver."""

    out_order_no: str
    order_id: str
    order: Order
    asked: dict[str, Any]
    amount: int
    result: str = "PENDING"
    finish_time: str = ""

    @property
    def closed(self) -> bool:
        return self.result == "CLOSED"


@dataclass
class ShareReturn:
    """Money of a share that is taken back."""

    out_return_no: str
    return_id: str
    share: Share
    asked: dict[str, Any]
    result: str = "PROCESSING"


@dataclass
class Notice:
    """A notification that waits to be sent, or was."""

    id: str
    event_type: str
    summary: str
    original_type: str
    url: str
    create_time: str
    resource: dict[str, Any]
    answers: list[int] = field(default_factory=list)


@dataclass
class Settings:
    """What a test may change.

    ``offset``: seconds that the clock is ahead. ``fault``: "" or "500", "429", "cut", "garbage".
    ``sign``: "" or a platform key's id, "stranger", "missing", "stale". ``balance``: what is left
    for refunds, None for plenty. ``notify``: "hold" or "now". ``bill_drop`` and ``bill_amounts``
    falsify the bill, by our reference; ``bill_hash`` falsifies its hash. ``person`` uses WeChat's
    browser, ``domain`` is entered for the official account ("" is any), ``snapshot``: the page is
    shown to somebody who has not agreed to it, who has no real openid.
    """

    offset: float = 0
    fault: str = ""
    sign: str = ""
    balance: int | None = None
    notify: str = "hold"
    bill_drop: list[str] = field(default_factory=list)
    bill_amounts: dict[str, int] = field(default_factory=dict)
    bill_hash: str = ""
    person: str = "alice"
    domain: str = ""
    snapshot: bool = False
    h5_host: str = ""  # where a test's browser finds the page that is at wx.tenpay.com
    shares: str = "now"  # or "later": the end comes by ``control/share``


class State:
    """Everything, under one lock."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)
        self.clear()

    def clear(self) -> None:
        self.settings = Settings()
        self.orders: dict[str, Order] = {}
        self.pages: dict[str, Page] = {}
        self.came_from: list[str] = []
        self.refunds: dict[str, Refund] = {}
        self.notices: list[Notice] = []
        self.bills: dict[str, tuple[bytes, float]] = {}
        self.receivers: set[str] = set()
        self.shares: dict[str, Share] = {}
        self.share_returns: dict[str, ShareReturn] = {}
        self.let_go: set[str] = set()
        self.codes: dict[str, Code] = {}
        self.openids: dict[str, str] = {}
        self.asked_back: list[str] = []

    def now(self) -> float:
        return time.time() + self.settings.offset

    def today(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.now(), CHINA)

    def moment(self) -> str:
        """Return the time as the API writes it: 2018-06-08T10:34:56+08:00."""
        return self.today().replace(microsecond=0).isoformat()

    def number(self, prefix: str) -> str:
        """Return a number of 28 digits, as transactions and refunds have."""
        return f"{prefix}{next(self.numbers):0{28 - len(prefix)}d}"
