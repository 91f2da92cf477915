"""The trade bill.

ask for it (``bill_date``, ``bill_type``, ``tar_type`` -> ``hash_type``, ``hash_value``,
``download_url``): https://pay.weixin.qq.com/docs/merchant/apis/jsapi-payment/get-trade-bill.html
fetch it (signed request, unsigned answer, five minutes): https://pay.weixin.qq.com/doc/v3/merchant/4012084430
its columns: https://pay.weixin.qq.com/docs/merchant/products/bill-download/format-trade.html
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import secrets
from decimal import Decimal

from .state import CHINA, Order, Refund, Refusal, State

NAMES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMS = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
RATE = Decimal("0.006")


def ask(state: State, base: str, query: dict[str, str]) -> dict[str, str]:
    """Make the bill of a past day; its hash is of the text before it is packed."""
    try:
        day = dt.date.fromisoformat(query["bill_date"])
    except (KeyError, ValueError):
        raise Refusal(400, "PARAM_ERROR", "参数错误: bill_date") from None
    now = state.today()
    if not now.date() - dt.timedelta(days=92) <= day < now.date():
        raise Refusal(400, "INVALID_REQUEST", "请检查bill_date")
    if day == now.date() - dt.timedelta(days=1) and now.hour < 10:
        raise Refusal(400, "STATEMENT_CREATING", "账单生成中")
    rows = _rows(state, day, query.get("bill_type", "ALL"))
    if not rows:
        raise Refusal(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    text = "\r\n".join([NAMES, *(row for row, _ in rows), SUMS, _sums(rows), ""]).encode()
    token = secrets.token_urlsafe(48)
    packed = gzip.compress(text) if query.get("tar_type") == "GZIP" else text
    state.bills[token] = (packed, state.now() + 300)
    digest = hashlib.sha1(text).hexdigest()
    return {
        "hash_type": "SHA1",
        "hash_value": state.settings.bill_hash or digest,
        "download_url": f"{base}/v3/billdownload/file?token={token}",
    }


def fetch(state: State, token: str) -> bytes:
    content, until = state.bills.get(token, (b"", 0.0))
    if state.now() > until:
        raise Refusal(400, "INVALID_REQUEST", "请重新获取账单地址后再请求")
    return content


def _rows(state: State, day: dt.date, kind: str) -> list[tuple[str, list[Decimal]]]:
    """Return each line with what it adds to the sums, oldest first."""
    drop = state.settings.bill_drop
    found: list[tuple[str, str, list[Decimal]]] = []
    for order in state.orders.values():
        if order.success_time and kind != "REFUND" and order.out_trade_no not in drop:
            found.append((order.success_time, *_payment(state, order)))
    for refund in state.refunds.values():
        if kind != "SUCCESS" and refund.out_refund_no not in drop:
            found.append((refund.create_time, *_refund(state, refund)))
    of_the_day = [one for one in found if _local(one[0]).date() == day]
    return [(row, adds) for _, row, adds in sorted(of_the_day, key=lambda one: one[0])]


def _local(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).astimezone(CHINA)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _payment(state: State, order: Order) -> tuple[str, list[Decimal]]:
    total = _yuan(state.settings.bill_amounts.get(order.out_trade_no, order.paid["total"]))
    nothing, fee = Decimal("0.00"), total * RATE
    row = _row(
        state,
        order,
        order.success_time,
        "SUCCESS",
        total,
        nothing,
        ["0", "0", "0.00", "0.00", "", ""],
        fee,
    )
    return row, [total, nothing, nothing, fee, total, nothing]


def _refund(state: State, refund: Refund) -> tuple[str, list[Decimal]]:
    asked = refund.asked["amount"]["refund"]
    back = _yuan(state.settings.bill_amounts.get(refund.out_refund_no, asked))
    nothing, fee = Decimal("0.00"), -(back * RATE)
    status = {"ABNORMAL": "CHANGE", "CLOSED": "FAIL"}.get(refund.status, refund.status)
    middle = [refund.refund_id, refund.out_refund_no, f"{back}", "0.00", "ORIGINAL", status]
    row = _row(state, refund.order, refund.create_time, "REFUND", nothing, back, middle, fee)
    return row, [nothing, back, nothing, fee, nothing, back]


def _row(
    state: State,
    order: Order,
    at: str,
    trade_state: str,
    total: Decimal,
    back: Decimal,
    middle: list[str],
    fee: Decimal,
) -> str:
    fields = [
        f"{_local(at):%Y-%m-%d %H:%M:%S}",
        state.keys.appid,
        state.keys.mchid,
        "0",
        "",
        order.transaction_id,
        order.out_trade_no,
        order.openid,
        order.trade_type,
        trade_state,
        "OTHERS",
        order.paid["currency"],
        f"{total}",
        "0.00",
        *middle,
        order.asked["description"],
        "",
        f"{fee:.5f}",
        "0.60%",
        f"{total}",
        f"{back}",
        "",
    ]
    return ",".join(f"`{field}" for field in fields)


def _sums(rows: list[tuple[str, list[Decimal]]]) -> str:
    sums = [sum(column, Decimal(0)) for column in zip(*(adds for _, adds in rows), strict=True)]
    total, back, coupons, fee, all_paid, all_back = sums
    figures = [f"{total}", f"{back}", f"{coupons}", f"{fee:.5f}", f"{all_paid}", f"{all_back}"]
    return ",".join(f"`{figure}" for figure in [str(len(rows)), *figures])
