"""Profit sharing: receivers, passing money on, taking it back, letting the rest go.

add a receiver (``appid``, ``type``, ``account``, ``name`` sealed, ``relation_type``):
https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter8_1_8.shtml
pass on (``transaction_id``, ``out_order_no``, ``receivers``, ``unfreeze_unsplit`` -> ``order_id``,
``state``, ``receivers`` with ``result``, ``fail_reason``, ``finish_time``):
https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter8_1_1.shtml
query: https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter8_1_2.shtml
take back (``out_order_no``, ``out_return_no``, ``return_mchid``, ``amount`` -> ``return_id``,
``result``): https://wechatpay.im/openapi/v3/profitsharing/return-orders
let go (``transaction_id``, ``out_order_no``, ``description``):
https://pay.wechatpay.cn/doc/v3/merchant/4012526374
"""

from __future__ import annotations

import re
from typing import Any

from .state import Order, Refusal, Share, ShareReturn, State

_NUMBER = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")


def add_receiver(state: State, asked: dict[str, Any], serial: str) -> dict[str, Any]:
    if asked.get("appid") != state.keys.appid or asked.get("type") != "MERCHANT_ID":
        raise Refusal(400, "PARAM_ERROR", "参数错误")
    if not re.fullmatch(r"\d{8,10}", str(asked.get("account"))) or not asked.get("relation_type"):
        raise Refusal(400, "INVALID_REQUEST", "分账接收方不存在")
    if not state.keys.opened(str(asked.get("name")), serial):
        raise Refusal(400, "INVALID_REQUEST", "分账接收方全称未设置")
    state.receivers.add(asked["account"])
    return {name: asked[name] for name in ("type", "account", "relation_type")}


def _paid(state: State, transaction_id: str) -> Order:
    for order in state.orders.values():
        if order.transaction_id and order.transaction_id == transaction_id:
            return order
    raise Refusal(404, "RESOURCE_NOT_EXISTS", "订单不存在")


def _frozen(state: State, order: Order) -> int:
    """Return what may still be passed on."""
    if order.out_trade_no in state.let_go:
        return 0
    passed = sum(s.amount for s in state.shares.values() if s.order is order and not s.closed)
    back: int = sum(
        one.asked["amount"]["refund"]
        for one in state.refunds.values()
        if one.order is order and one.status != "CLOSED"
    )
    return int(order.paid["total"]) - passed - back


def share(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    number = str(asked.get("out_order_no"))
    if not _NUMBER.fullmatch(number) or type(asked.get("unfreeze_unsplit")) is not bool:
        raise Refusal(400, "PARAM_ERROR", "参数错误")
    known = state.shares.get(number)
    if known is not None:
        if known.asked != asked:
            raise Refusal(400, "INVALID_REQUEST", "请求参数与原请求不一致")
        return show(known)
    order = _paid(state, asked["transaction_id"])
    if not (order.asked.get("settle_info") or {}).get("profit_sharing"):
        raise Refusal(400, "RULE_LIMIT", "非分账订单不支持分账")
    (receiver,) = asked["receivers"]
    if receiver["account"] not in state.receivers:
        raise Refusal(400, "NO_AUTH", "分账接收方关系不存在")
    if not 0 < receiver["amount"] <= _frozen(state, order):
        raise Refusal(403, "NOT_ENOUGH", "分账金额超过可分金额")
    made = Share(number, state.number("3008"), order, asked, receiver["amount"])
    if state.settings.shares == "now":
        made.result, made.finish_time = "SUCCESS", state.moment()
    state.shares[number] = made
    if asked["unfreeze_unsplit"]:
        state.let_go.add(order.out_trade_no)
    return show(made)


def find(state: State, number: str) -> Share:
    if number not in state.shares:
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "分账单不存在")
    return state.shares[number]


def show(made: Share) -> dict[str, Any]:
    receiver = made.asked["receivers"][0] | {"result": made.result, "create_time": ""}
    if made.finish_time:
        receiver["finish_time"] = made.finish_time
    if made.closed:
        receiver["fail_reason"] = "ACCOUNT_ABNORMAL"
    return {
        "transaction_id": made.order.transaction_id,
        "out_order_no": made.out_order_no,
        "order_id": made.order_id,
        "state": "PROCESSING" if made.result == "PENDING" else "FINISHED",
        "receivers": [receiver],
    }


def take_back(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    number = str(asked.get("out_return_no"))
    known = state.share_returns.get(number)
    if known is not None:
        if known.asked != asked:
            raise Refusal(400, "INVALID_REQUEST", "请求参数与原请求不一致")
        return show_return(known)
    made = find(state, str(asked.get("out_order_no")))
    if asked["return_mchid"] != made.asked["receivers"][0]["account"] or made.result != "SUCCESS":
        raise Refusal(400, "INVALID_REQUEST", "分账未成功")
    before = sum(r.asked["amount"] for r in state.share_returns.values() if r.share is made)
    if not 0 < asked["amount"] <= made.amount - before:
        raise Refusal(403, "NOT_ENOUGH", "回退金额超过分账金额")
    back = ShareReturn(number, state.number("3208"), made, asked)
    if state.settings.shares == "now":
        back.result = "SUCCESS"
        if state.settings.balance is not None:
            state.settings.balance += asked["amount"]
    state.share_returns[number] = back
    return show_return(back)


def show_return(back: ShareReturn) -> dict[str, Any]:
    return {
        "out_return_no": back.out_return_no,
        "return_id": back.return_id,
        "out_order_no": back.share.out_order_no,
        "return_mchid": back.asked["return_mchid"],
        "amount": back.asked["amount"],
        "result": back.result,
    }


def let_go(state: State, asked: dict[str, Any]) -> dict[str, Any]:
    order = _paid(state, asked["transaction_id"])
    state.let_go.add(order.out_trade_no)
    return {
        "transaction_id": order.transaction_id,
        "out_order_no": asked["out_order_no"],
        "order_id": state.number("3008"),
        "state": "PROCESSING",
    }
