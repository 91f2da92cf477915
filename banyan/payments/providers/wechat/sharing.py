"""Profit sharing (分账): parts of a payment for other merchants' accounts.

Add the receiver: https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter8_1_8.shtml; pass money on:
https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter8_1_1.shtml; ask about it:
https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter8_1_2.shtml; take it back:
https://wechatpay.im/openapi/v3/profitsharing/return-orders; let the rest go:
https://pay.wechatpay.cn/doc/v3/merchant/4012526374. Only an order that was placed with
``settle_info.profit_sharing`` can be shared; until it is let go its money is frozen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from banyan.kernel.money import Money

from ..base import ProviderState, SplitOrder, Status, TakeBack
from .gateway import Gateway
from .merchant import Merchant
from .signing import sealed_for

_SHARING = "/v3/profitsharing"
_RECEIVER = {"PENDING": Status.PENDING, "SUCCESS": Status.SUCCEEDED, "CLOSED": Status.FAILED}
_RETURN = {"PROCESSING": Status.PENDING, "SUCCESS": Status.SUCCEEDED, "FAILED": Status.FAILED}


def add_receiver(gateway: Gateway, *, ours: Merchant, account: str, name: str) -> None:
    """Add a merchant's number to those that may receive; one that is there stays.

    The merchant's full name is checked, and goes sealed for the key that the request names.
    """
    body = {
        "appid": ours.appid,
        "type": "MERCHANT_ID",
        "account": account,
        "name": sealed_for(next(iter(ours.platform_keys.values())), name),
        "relation_type": "SUPPLIER",
    }
    gateway.post(f"{_SHARING}/receivers/add", body)


def send(gateway: Gateway, order: SplitOrder, *, appid: str, transaction_id: str) -> ProviderState:
    """Pass money on; the same number again is the same request."""
    body = {
        "appid": appid,
        "transaction_id": transaction_id,
        "out_order_no": order.reference,
        "receivers": [
            {
                "type": "MERCHANT_ID",
                "account": order.account,
                "amount": order.money.amount,
                "description": order.reference,
            }
        ],
        "unfreeze_unsplit": order.last,
    }
    return _order_state(gateway.post(f"{_SHARING}/orders", body), order)


def stands(gateway: Gateway, order: SplitOrder, *, transaction_id: str) -> ProviderState:
    """Read how a request stands."""
    path = f"{_SHARING}/orders/{order.reference}?transaction_id={transaction_id}"
    return _order_state(gateway.get(path), order)


def take_back(gateway: Gateway, order: TakeBack) -> ProviderState:
    """Ask for money back from a receiver; the same number again is the same request."""
    body = {
        "out_order_no": order.split.reference,
        "out_return_no": order.reference,
        "return_mchid": order.split.account,
        "amount": order.money.amount,
        "description": order.reference,
    }
    return _return_state(gateway.post(f"{_SHARING}/return-orders", body), order)


def taken_back(gateway: Gateway, order: TakeBack) -> ProviderState:
    """Read how it stands."""
    reference = order.split.reference
    path = f"{_SHARING}/return-orders/{order.reference}?out_order_no={reference}"
    return _return_state(gateway.get(path), order)


def let_go(gateway: Gateway, *, transaction_id: str, reference: str) -> None:
    """Let the rest of an order's money go to the merchant account."""
    body = {
        "transaction_id": transaction_id,
        "out_order_no": reference,
        "description": "settled",
    }
    gateway.post(f"{_SHARING}/orders/unfreeze", body)


def _order_state(told: Mapping[str, Any], order: SplitOrder) -> ProviderState:
    if told["out_order_no"] != order.reference:
        raise ValueError(f"asked about {order.reference}, told about {told['out_order_no']!r}")
    mine = next(one for one in told["receivers"] if one["account"] == order.account)
    status = _RECEIVER[mine["result"]]
    return ProviderState(
        status=status,
        provider_ref=told["order_id"],
        money=Money(mine["amount"], "CNY") if status == Status.SUCCEEDED else None,
        at=_time(mine.get("finish_time")),
        failure=mine.get("fail_reason", "CLOSED") if status == Status.FAILED else "",
        raw=told,
    )


def _return_state(told: Mapping[str, Any], order: TakeBack) -> ProviderState:
    if told["out_return_no"] != order.reference:
        raise ValueError(f"asked about {order.reference}, told about {told['out_return_no']!r}")
    status = _RETURN[told["result"]]
    return ProviderState(
        status=status,
        provider_ref=told["return_id"],
        money=Money(told["amount"], "CNY") if status == Status.SUCCEEDED else None,
        at=_time(told.get("finish_time")),
        failure=told.get("fail_reason", "FAILED") if status == Status.FAILED else "",
        raw=told,
    )


def _time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None
