"""Notifications: sealed, kept, and sent until the merchant says ``success``.

Fields and pauses (4m, 10m, 10m, 1h, 2h, 6h, 15h): https://docs.open.alipay.com/270/105902/
"""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from tests.gateways.alipay.sealing import Seal
from tests.gateways.alipay.trades import Refund, Trade, Trades, written, yuan

PAUSES = (4, 10, 10, 60, 120, 360, 900)  # minutes
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@dataclass
class Notice:
    """One notification; ``answers`` are what the merchant said, in order."""

    url: str
    fields: dict[str, str]
    answers: list[str] = field(default_factory=list)

    @property
    def body(self) -> str:
        """The form as it is sent; the same at every repetition."""
        return urlencode(self.fields)


class Notices:
    """Makes notifications and sends them from threads of their own."""

    def __init__(self, trades: Trades, seal: Seal, *, app_id: str, seller_id: str, pace: float):
        self._trades, self._seal = trades, seal
        self._app_id, self._seller_id, self._pace = app_id, seller_id, pace
        self.made: list[Notice] = []

    def tell(self, trade: Trade, refund: Refund | None = None) -> None:
        """Tell that a trade changed its state, or that a refund of it was done."""
        how = self._trades.settings
        if not trade.notify_url or how.notices == "lost":
            return
        notice = Notice(trade.notify_url, self._seal.sealed(self.fields(trade, refund)))
        self.made.append(notice)
        if how.notices == "sent":
            for _ in range(how.copies):
                threading.Thread(target=self._send, args=(notice,), daemon=True).start()

    def fields(self, trade: Trade, refund: Refund | None = None) -> dict[str, str]:
        """Return the fields of a notification, before they are sealed."""
        told = {
            "notify_time": written(self._trades.now()),
            "notify_type": "trade_status_sync",
            "notify_id": secrets.token_hex(17),
            "app_id": self._app_id,
            "auth_app_id": self._app_id,
            "charset": "utf-8",
            "version": "1.0",
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "buyer_id": "2088102122524333",
            "buyer_logon_id": "159****5620",
            "seller_id": self._seller_id,
            "seller_email": "shop***@example.com",
            "trade_status": trade.status,
            "total_amount": trade.shown,
            "subject": trade.subject,
            "gmt_create": written(trade.created_at),
            "trans_currency": trade.currency,
        }
        if trade.paid_at is not None:
            told |= {
                "receipt_amount": trade.shown,
                "invoice_amount": trade.shown,
                "buyer_pay_amount": trade.shown,
                "point_amount": "0.00",
                "refund_fee": yuan(trade.given_back),
                "gmt_payment": written(trade.paid_at),
                "fund_bill_list": json.dumps(
                    [{"amount": trade.shown, "fundChannel": "ALIPAYACCOUNT"}],
                    separators=(",", ":"),
                ),
            }
        if trade.closed_at is not None:
            told["gmt_close"] = written(trade.closed_at)
        if refund is not None and refund.done_at is not None:
            # A refund's moment has a fraction of a second.
            told |= {
                "gmt_refund": f"{written(refund.done_at)}.000",
                "out_biz_no": refund.request_no,
            }
        return told

    def _send(self, notice: Notice) -> None:
        for minutes in (*PAUSES, None):
            answer = post(notice)
            with self._trades.lock:
                notice.answers.append(answer)
            if answer == "success" or minutes is None:
                return
            time.sleep(minutes * self._pace)


def post(notice: Notice) -> str:
    """Send a notification once; return the merchant's answer, empty when there was none."""
    parts = urlsplit(notice.url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request("POST", parts.path, notice.body, {"Content-Type": FORM})
        return connection.getresponse().read().decode(errors="replace")
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()
