"""Orders: placing, reading and closing them, and what is told when they are paid.

JSAPI (``payer.openid`` -> ``prepay_id``): https://pay.wechatpay.cn/doc/v3/merchant/4012791897
native (-> ``code_url``): https://pay.weixin.qq.com/doc/v3/merchant/4012525095
H5 (``scene_info.payer_client_ip``, ``scene_info.h5_info.type`` -> ``h5_url``):
https://pay.weixin.qq.com/docs/merchant/products/h5-payment/apilist.html
the page behind an ``h5_url``, and whom it turns away (``Referer``, five minutes, the address):
https://pay.weixin.qq.com/wiki/doc/api/H5.php?chapter=15_4
query (``trade_state``, ``amount``, ``payer`` ...): https://pay.weixin.qq.com/doc/v3/merchant/4013070356
close (204): https://pay.weixin.qq.com/doc/v3/merchant/4012556398
notification (``id`` ... ``resource``): https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter3_2_5.shtml
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import Any

from .notices import tell
from .state import Order, Page, Refusal, State

_NUMBER = re.compile(r"[0-9A-Za-z_\-|*]{6,32}")
_TYPES = {"jsapi": "JSAPI", "native": "NATIVE", "h5": "MWEB"}
H5_PATH = "/cgi-bin/mmpayweb-bin/checkmweb"
H5_GOOD_FOR = 300
OPENED = "正在调起微信支付"
_SAYS = {
    "SUCCESS": "支付成功",
    "REFUND": "转入退款",
    "NOTPAY": "订单未支付",
    "CLOSED": "订单已关闭",
    "USERPAYING": "用户支付中",
}


def place(state: State, kind: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Place an order. The same number with the same fields gives a fresh way to pay it."""
    _check(state, kind, asked)
    number = asked["out_trade_no"]
    known = state.orders.get(number)
    if known is None:
        token = secrets.token_hex(8)
        known = state.orders[number] = Order(number, _TYPES[kind], asked, token)
    elif known.state in ("SUCCESS", "REFUND"):
        raise Refusal(400, "ORDERPAID", "该订单已支付")
    elif known.state == "CLOSED":
        raise Refusal(400, "ORDER_CLOSED", "该订单已关闭,请重新下单")
    elif known.asked != asked or known.trade_type != _TYPES[kind]:
        raise Refusal(400, "INVALID_REQUEST", "请求重入时,参数与首次请求时不一致,请检查后再试。")
    prepay_id = f"wx{state.today():%Y%m%d%H%M%S}{secrets.token_hex(9)}"
    if kind == "jsapi":
        return {"prepay_id": prepay_id}
    if kind == "native":
        return {"code_url": f"weixin://wxpay/bizpayurl?pr={known.token}"}
    state.pages[prepay_id] = Page(known, state.now())
    page = (state.settings.h5_host or "https://wx.tenpay.com") + H5_PATH
    return {"h5_url": f"{page}?prepay_id={prepay_id}&package={secrets.randbelow(10**10)}"}


def open_page(state: State, prepay_id: str, *, referer: str, address: str) -> str:
    """Return what the page says to a browser that comes from ``referer`` and ``address``."""
    page = state.pages.get(prepay_id)
    state.came_from.append(referer)
    if not referer:
        return "商家参数格式有误,请联系商家解决"
    if page is None or state.now() >= page.made_at + H5_GOOD_FOR:
        return "支付请求已失效,请重新发起支付"
    if page.order.asked["scene_info"]["payer_client_ip"] != address:
        return "网络环境未能通过安全验证,请稍后再试"
    return OPENED


def _check(state: State, kind: str, asked: dict[str, Any]) -> None:
    def need(fact: bool, what: str) -> None:
        if not fact:
            raise Refusal(400, "PARAM_ERROR", f"参数错误: {what}")

    need(
        isinstance(asked.get("description"), str) and 0 < len(asked["description"].encode()) <= 127,
        "description",
    )
    need(bool(_NUMBER.fullmatch(str(asked.get("out_trade_no")))), "out_trade_no")
    url = str(asked.get("notify_url"))
    need(
        url.startswith(("https://", "http://")) and "?" not in url and len(url) <= 255, "notify_url"
    )
    amount = asked.get("amount") or {}
    need(type(amount.get("total")) is int and amount["total"] > 0, "amount.total")
    need(amount.get("currency", "CNY") == "CNY", "amount.currency")
    if "time_expire" in asked:
        need(dt.datetime.fromisoformat(asked["time_expire"]).tzinfo is not None, "time_expire")
    if kind == "jsapi":
        need(bool((asked.get("payer") or {}).get("openid")), "payer.openid")
    if kind == "h5":
        scene = asked.get("scene_info") or {}
        need(bool(scene.get("payer_client_ip")), "scene_info.payer_client_ip")
        need((scene.get("h5_info") or {}).get("type") in ("Wap", "iOS", "Android"), "h5_info.type")
    openid = (asked.get("payer") or {}).get("openid", "")
    if kind == "jsapi" and state.openids.get(openid, state.keys.appid) != state.keys.appid:
        raise Refusal(400, "PARAM_ERROR", "appid和openid不匹配")
    if (asked.get("appid"), asked.get("mchid")) != (state.keys.appid, state.keys.mchid):
        raise Refusal(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配")


def find(state: State, number: str, mchid: str) -> Order:
    if mchid != state.keys.mchid:
        raise Refusal(400, "PARAM_ERROR", "参数错误: mchid")
    if number not in state.orders:
        raise Refusal(404, "ORDER_NOT_EXIST", "订单不存在")
    return state.orders[number]


def show(state: State, order: Order) -> dict[str, Any]:
    """Return an order as a query and a notification tell it."""
    told: dict[str, Any] = {
        "appid": state.keys.appid,
        "mchid": state.keys.mchid,
        "out_trade_no": order.out_trade_no,
        "trade_state": order.state,
        "trade_state_desc": _SAYS[order.state],
        "amount": {"total": order.total, "currency": "CNY"},
        "attach": "",
    }
    if order.state in ("SUCCESS", "REFUND"):
        told |= {
            "transaction_id": order.transaction_id,
            "trade_type": order.trade_type,
            "bank_type": "OTHERS",
            "success_time": order.success_time,
            "payer": {"openid": order.openid},
            "amount": order.paid,
        }
    return told


def close(state: State, order: Order) -> None:
    """Close an order that is not paid."""
    if order.state == "CLOSED":
        raise Refusal(400, "ORDER_CLOSED", "订单已关闭")
    if order.state == "USERPAYING":
        raise Refusal(202, "USERPAYING", "用户支付中,需要输入密码")
    if order.state != "NOTPAY":
        raise Refusal(403, "TRADE_ERROR", "订单已支付,不允许关闭")
    order.state = "CLOSED"


def pay(state: State, order: Order, *, total: int, currency: str, at: str) -> None:
    """The payer pays; a closed order cannot be paid, nor can one whose time has passed."""
    limit = order.asked.get("time_expire")
    over = limit and dt.datetime.fromisoformat(at) > dt.datetime.fromisoformat(limit)
    if order.state not in ("NOTPAY", "USERPAYING") or over:
        raise Refusal(403, "TRADE_ERROR", "订单不能支付")
    order.state = "SUCCESS"
    order.transaction_id = state.number("4200")
    order.success_time = at
    order.openid = (order.asked.get("payer") or {}).get("openid", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o")
    order.paid = {
        "total": total,
        "payer_total": total,
        "currency": currency,
        "payer_currency": currency,
    }
    tell(
        state,
        event_type="TRANSACTION.SUCCESS",
        summary="支付成功",
        original_type="transaction",
        url=order.asked["notify_url"],
        resource=show(state, order),
    )
