"""Refunds: taken on at once, done later.

ask (``out_trade_no``, ``out_refund_no``, ``amount.refund`` ... -> ``refund_id``, ``status`` ...):
https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter3_5_9.shtml
query: https://pay.weixin.qq.com/doc/v3/merchant/4012556562
notification (``refund_status``, and an ``amount`` without currency):
https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter3_1_11.shtml
"""

from __future__ import annotations

import re
from typing import Any

from .notices import tell
from .state import Refund, Refusal, State

_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
_SAYS = {"SUCCESS": "退款成功", "ABNORMAL": "退款异常", "CLOSED": "退款关闭"}


def ask(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    """Take a refund on. One number is one refund, however often it is asked for."""
    number, amount = str(asked.get("out_refund_no")), asked.get("amount") or {}
    good = _NUMBER.fullmatch(number) and all(
        type(amount.get(name)) is int and amount[name] > 0 for name in ("refund", "total")
    )
    if not good or amount.get("currency") != "CNY" or len(asked.get("reason", "").encode()) > 80:
        raise Refusal(400, "PARAM_ERROR", "参数错误")
    known = state.refunds.get(number)
    if known is not None:
        if known.asked != asked:
            raise Refusal(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致")
        return show(known)
    order = state.orders.get(str(asked.get("out_trade_no")))
    if order is None or order.state not in ("SUCCESS", "REFUND"):
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "订单号不存在")
    if amount["total"] != order.paid["total"]:
        raise Refusal(400, "INVALID_REQUEST", "订单金额与原订单不一致")
    before = sum(
        one.asked["amount"]["refund"]
        for one in state.refunds.values()
        if one.order is order and one.status != "CLOSED"
    )
    if before + amount["refund"] > amount["total"]:
        raise Refusal(400, "INVALID_REQUEST", "申请退款金额大于订单可退金额")
    left = state.settings.balance
    if left is not None and amount["refund"] > left:
        raise Refusal(403, "NOT_ENOUGH", "基本账户余额不足,请充值后重新发起")
    refund = Refund(number, state.number("5030"), order, asked, state.moment())
    state.refunds[number] = refund
    order.state = "REFUND"
    return show(refund)


def find(state: State, number: str) -> Refund:
    if number not in state.refunds:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return state.refunds[number]


def show(refund: Refund) -> dict[str, Any]:
    """Return a refund as the answer to asking and to a query."""
    amount = refund.asked["amount"]
    told = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.order.transaction_id,
        "out_trade_no": refund.order.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": refund.create_time,
        "status": refund.status,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": amount["total"],
            "refund": amount["refund"],
            "payer_total": amount["total"],
            "payer_refund": amount["refund"],
            "settlement_refund": amount["refund"],
            "settlement_total": amount["total"],
            "discount_refund": 0,
            "currency": "CNY",
        },
    }
    return told | ({"success_time": refund.success_time} if refund.success_time else {})


def settle(state: State, refund: Refund, status: str) -> None:
    """The bank has an answer: SUCCESS, ABNORMAL or CLOSED. An abnormal one may still succeed."""
    if refund.status not in ("PROCESSING", "ABNORMAL"):
        raise Refusal(400, "INVALID_REQUEST", f"退款状态为{refund.status}")
    refund.status = status
    refund.success_time = state.moment() if status == "SUCCESS" else ""
    url = refund.asked.get("notify_url")
    if not url:
        return
    told = show(refund)
    kept = ("refund_id", "out_refund_no", "transaction_id", "out_trade_no", "user_received_account")
    resource = {"mchid": state.keys.mchid, "refund_status": status} | {n: told[n] for n in kept}
    resource["amount"] = {
        name: told["amount"][name] for name in ("total", "refund", "payer_total", "payer_refund")
    }
    if refund.success_time:
        resource["success_time"] = refund.success_time
    tell(
        state,
        event_type=f"REFUND.{status}",
        summary=_SAYS[status],
        original_type="refund",
        url=url,
        resource=resource,
    )
