"""What WeChat Pay's documents say, in the terms of the platform. No network, no settings.

Amounts are fen, which are the minor units of CNY. A document without the published fields raises
KeyError, TypeError or ValueError.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from banyan.kernel.money import Money

from ...payers import mark
from ..base import Kind, Message, ProviderState, Status

CHINA = dt.timezone(dt.timedelta(hours=8))

# REFUND says that a paid order was refunded, in part or in full: it was paid all the same.
_TRADE = {
    "SUCCESS": Status.SUCCEEDED,
    "REFUND": Status.SUCCEEDED,
    "NOTPAY": Status.PENDING,
    "USERPAYING": Status.PENDING,
    "ACCEPT": Status.PENDING,
    "CLOSED": Status.CANCELLED,
    "REVOKED": Status.CANCELLED,
    "PAYERROR": Status.FAILED,
}
# The payer's card is void, and the money is kept for a person who sees to it on the merchant
# platform; CLOSED is over, and may be asked for under a new number.
# https://pay.weixin.qq.com/doc/v3/merchant/4013071031
ABNORMAL = "ABNORMAL"
_REFUND = {
    "SUCCESS": Status.SUCCEEDED,
    "PROCESSING": Status.PENDING,
    "CLOSED": Status.FAILED,
    ABNORMAL: Status.FAILED,
}
_REFUND_KIND = {Status.SUCCEEDED: Kind.REFUND_SUCCEEDED, Status.FAILED: Kind.REFUND_FAILED}


def rfc3339(moment: dt.datetime) -> str:
    """Return a moment as the API writes it: whole seconds, China's time."""
    return moment.astimezone(CHINA).replace(microsecond=0).isoformat()


def trade_state(trade: Mapping[str, Any]) -> ProviderState:
    """Read an order as a query tells it.

    https://pay.weixin.qq.com/doc/v3/merchant/4013070356
    """
    status = _TRADE[trade["trade_state"]]
    paid = status == Status.SUCCEEDED
    return ProviderState(
        status=status,
        provider_ref=_text(trade, "out_trade_no"),
        money=_money(trade["amount"], "total") if paid else None,
        at=_time(trade.get("success_time")),
        failure="" if paid or status == Status.PENDING else trade["trade_state"],
        payer=without_payer(trade).get("payer", ""),
        raw=without_payer(trade),
    )


def refund_state(refund: Mapping[str, Any], *, field: str = "status") -> ProviderState:
    """Read a refund as an answer tells it; a notification calls the state ``refund_status``.

    https://pay.weixin.qq.com/doc/v3/merchant/4012556562
    """
    status = _REFUND[refund[field]]
    return ProviderState(
        status=status,
        provider_ref=_text(refund, "refund_id"),
        money=_money(refund["amount"], "refund"),
        at=_time(refund.get("success_time")),
        failure=refund[field] if status == Status.FAILED else "",
        raw=refund,
    )


def message(event: Mapping[str, Any], resource: Mapping[str, Any]) -> Message:
    """Read a notification, whose opened ``resource`` is given.

    Payments: https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter3_2_5.shtml; refunds:
    https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter3_1_11.shtml. Anything else, and an order
    that is not paid, is kept as OTHER.
    """
    name = _text(event, "event_type")
    about, state = "", None
    if name == "TRANSACTION.SUCCESS":
        about, state = _text(resource, "out_trade_no"), trade_state(resource)
        kind = Kind.PAYMENT_SUCCEEDED if state.status == Status.SUCCEEDED else Kind.OTHER
    elif name.startswith("REFUND."):
        about = _text(resource, "out_refund_no")
        state = refund_state(resource, field="refund_status")
        kind = _REFUND_KIND.get(state.status, Kind.OTHER)
    else:
        kind = Kind.OTHER
    return Message(
        message_id=_text(event, "id"),
        kind=kind,
        reference=about,
        provider_ref=state.provider_ref if state else "",
        money=state.money if state else None,
        at=(state.at if state else None) or _time(event.get("create_time")),
        failure=state.failure if state else "",
        payer=state.payer if state else "",
        raw={**event, "resource": without_payer(resource)},
    )


def without_payer(trade: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order as it may be kept: of the payer only a mark, no openid."""
    kept = dict(trade)
    payer = kept.pop("payer", None)
    openid = payer.get("openid") if isinstance(payer, dict) else None
    return kept | ({"payer": mark(str(openid))} if openid else {})


def _text(document: Mapping[str, Any], field: str) -> str:
    value = document[field]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{field} is {value!r}")
    return value


def _money(amount: Mapping[str, Any], field: str) -> Money:
    """Return an amount; a refund's notification names no currency, and only CNY is taken."""
    return Money(amount[field], amount.get("currency") or "CNY")


def _time(text: str | None) -> dt.datetime | None:
    if not text:
        return None
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment
