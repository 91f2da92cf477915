"""The methods behind ``/gateway.do``, each by its published request, answer and refusals.

A refusal has code 40004 and the method's own ``sub_code``. Error codes of all methods:
https://opendocs.alipay.com/common/02km9f
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.gateways.alipay.bills import Bills
from tests.gateways.alipay.notices import Notices
from tests.gateways.alipay.trades import BEIJING, FORM, Refund, Trade, Trades, written, yuan

Fields = dict[str, Any]
_AMOUNT = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?")
_NUMBER = re.compile(r"\w{1,64}", re.ASCII)
_PRODUCTS = {
    "alipay.trade.page.pay": "FAST_INSTANT_TRADE_PAY",
    "alipay.trade.wap.pay": "QUICK_WAP_WAY",
}


class RefusedError(Exception):
    """The answer is no."""

    def __init__(self, sub_code: str, sub_msg: str, *, code: str = "40004", **more: str) -> None:
        self.code, self.sub_code, self.sub_msg, self.more = code, sub_code, sub_msg, more
        super().__init__(sub_code)


def fen(text: object) -> int:
    """Read an amount in yuan; at most two decimals."""
    match = _AMOUNT.fullmatch(str(text))
    if match is None:
        raise RefusedError("ACQ.INVALID_PARAMETER", "参数无效")
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


class Methods:
    """What the merchant may call, and the page that the buyer is sent to."""

    def __init__(self, trades: Trades, notices: Notices, bills: Bills) -> None:
        self._trades, self._notices, self._bills = trades, notices, bills
        self.by_name: Mapping[str, Callable[[Fields], Fields]] = {
            "alipay.trade.query": self.query,
            "alipay.trade.close": self.close,
            "alipay.trade.refund": self.refund,
            "alipay.trade.fastpay.refund.query": self.refund_query,
            "alipay.data.dataservice.bill.downloadurl.query": self._bills.address,
        }

    def page(self, method: str, content: Fields, params: Mapping[str, str]) -> Trade:
        """Open the trade that a signed address stands for; the same address is the same trade.

        https://docs.open.alipay.com/api_1/alipay.trade.page.pay
        https://docs.open.alipay.com/api_1/alipay.trade.wap.pay
        """
        number, subject = str(content.get("out_trade_no", "")), str(content.get("subject", ""))
        amount = fen(content.get("total_amount"))
        known = content.get("product_code") == _PRODUCTS[method]
        fit = (
            _NUMBER.fullmatch(number) and 0 < len(subject) <= 256 and not set("/=&") & set(subject)
        )
        if not known or not fit or not 1 <= amount <= 100_000_000_00:
            raise RefusedError("ACQ.INVALID_PARAMETER", "参数无效")
        closes_at = self._moment(content.get("time_expire"))
        trade = self._trades.by_number.get(number)
        if trade is None:
            if closes_at is not None and self._trades.now() >= closes_at:
                raise RefusedError("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
            trade = self._trades.by_number[number] = Trade(
                out_trade_no=number,
                trade_no=self._trades.next_number(),
                fen=amount,
                subject=subject,
                created_at=self._trades.now(),
                closes_at=closes_at,
                notify_url=params.get("notify_url", ""),
                return_url=params.get("return_url", ""),
                told_fen=self._trades.settings.told_fen,
                currency=self._trades.settings.currency,
            )
        if trade.fen != amount or trade.subject != subject:
            raise RefusedError("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改")
        return trade

    def pay(self, trade: Trade) -> None:
        """Take the buyer's money."""
        if trade.status == "TRADE_CLOSED":
            raise RefusedError("ACQ.TRADE_HAS_CLOSE", "交易已经关闭")
        if trade.status != "WAIT_BUYER_PAY":
            raise RefusedError("ACQ.TRADE_HAS_SUCCESS", "交易已被支付")
        trade.status, trade.paid_at = "TRADE_SUCCESS", self._trades.now()
        self._notices.tell(trade)

    def query(self, content: Fields) -> Fields:
        """https://docs.open.alipay.com/api_1/alipay.trade.query"""
        trade = self._trade(content)
        told: Fields = {
            "buyer_logon_id": "159****5620",
            "buyer_user_id": "2088102122524333",
            "out_trade_no": trade.out_trade_no,
            "trade_no": trade.trade_no,
            "trade_status": trade.status,
            "total_amount": trade.shown,
            "buyer_pay_amount": trade.shown if trade.paid_at else "0.00",
            "invoice_amount": trade.shown if trade.paid_at else "0.00",
            "point_amount": "0.00",
            "receipt_amount": trade.shown if trade.paid_at else "0.00",
        }
        if trade.currency:
            told["trans_currency"] = trade.currency
        if trade.paid_at is not None:
            told["send_pay_date"] = written(trade.paid_at)
        return told

    def close(self, content: Fields) -> Fields:
        """https://docs.open.alipay.com/api_1/alipay.trade.close"""
        trade = self._trade(content)
        if trade.status != "WAIT_BUYER_PAY":
            raise RefusedError("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        trade.status, trade.closed_at = "TRADE_CLOSED", self._trades.now()
        self._notices.tell(trade)
        return {"out_trade_no": trade.out_trade_no, "trade_no": trade.trade_no}

    def refund(self, content: Fields) -> Fields:
        """https://docs.open.alipay.com/api_1/alipay.trade.refund"""
        trade = self._trade(content)
        amount = fen(content.get("refund_amount"))
        number = str(content.get("out_request_no") or trade.trade_no)
        known = trade.refunds.get(number)
        if known is not None and self._trades.settings.repeats == "known":
            if known.fen != amount:
                raise RefusedError("ACQ.DISCORDANT_REPEAT_REQUEST", "不一致的请求")
            return self._refunded(trade, moved=False)
        self._check_refund(trade, amount)
        refund = trade.refunds[number] = Refund(number, amount, self._trades.now())
        if self._trades.settings.refunds == "later":
            return self._refunded(trade, moved=False)
        self.finish_refund(trade, refund)
        return self._refunded(trade, moved=True)

    def finish_refund(self, trade: Trade, refund: Refund) -> None:
        """Send the money back; a trade that is refunded in full is closed."""
        refund.done_at = self._trades.now()
        if trade.given_back == trade.fen:
            trade.status, trade.closed_at = "TRADE_CLOSED", refund.done_at
        self._notices.tell(trade, refund)

    def refund_query(self, content: Fields) -> Fields:
        """https://docs.open.alipay.com/api_1/alipay.trade.fastpay.refund.query

        What is not carried out has no fields at all.
        """
        trade = self._trade(content)
        if self._trades.settings.refuse_query:
            raise RefusedError(self._trades.settings.refuse_query, "查询失败")
        refund = trade.refunds.get(str(content.get("out_request_no", "")))
        if refund is None or refund.done_at is None:
            return {}
        return {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "out_request_no": refund.request_no,
            "total_amount": yuan(trade.fen),
            "refund_amount": yuan(refund.fen),
            "refund_status": "REFUND_SUCCESS",
        }

    def _check_refund(self, trade: Trade, amount: int) -> None:
        if self._trades.settings.refuse_refund:
            raise RefusedError(
                self._trades.settings.refuse_refund,
                "退款失败",
                out_trade_no=trade.out_trade_no,
                refund_fee="0.00",
                send_back_fee="0.00",
            )
        if trade.status == "TRADE_FINISHED":
            raise RefusedError("ACQ.TRADE_HAS_FINISHED", "交易已完结")
        if trade.paid_at is None:
            raise RefusedError("ACQ.TRADE_STATUS_ERROR", "交易状态不合法")
        if not 0 < amount <= trade.fen - trade.asked_back:
            raise RefusedError("ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额无效")

    def _refunded(self, trade: Trade, *, moved: bool) -> Fields:
        return {
            "trade_no": trade.trade_no,
            "out_trade_no": trade.out_trade_no,
            "buyer_logon_id": "159****5620",
            "buyer_user_id": "2088102122524333",
            "fund_change": "Y" if moved else "N",
            "refund_fee": yuan(trade.given_back),
            "send_back_fee": yuan(trade.given_back),
        }

    def _trade(self, content: Fields) -> Trade:
        trade = self._trades.by_number.get(str(content.get("out_trade_no", "")))
        if trade is None:
            raise RefusedError("ACQ.TRADE_NOT_EXIST", "交易不存在")
        return trade

    def _moment(self, text: object) -> dt.datetime | None:
        if text is None:
            return None
        try:
            return dt.datetime.strptime(str(text), FORM).replace(tzinfo=BEIJING)
        except ValueError as error:
            raise RefusedError("ACQ.INVALID_PARAMETER", "参数无效") from error
