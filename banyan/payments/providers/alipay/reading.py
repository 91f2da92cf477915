"""What Alipay's answers and notifications say, in the platform's terms. No network.

Fields: https://docs.open.alipay.com/api_1/alipay.trade.query (answers) and
https://docs.open.alipay.com/270/105902/ (notifications).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from banyan.kernel import clock
from banyan.kernel.money import Money

from ...payers import mark
from ...problems import ForgedMessage, ProviderUnreachable, UnreadableMessage
from ..base import Kind, Message, ProviderState, Status
from . import signing
from .config import Merchant
from .values import CURRENCY, moment_of, reference_of

_STATUS = {
    "WAIT_BUYER_PAY": Status.PENDING,
    "TRADE_CLOSED": Status.CANCELLED,
    "TRADE_SUCCESS": Status.SUCCEEDED,
    "TRADE_FINISHED": Status.SUCCEEDED,
}
_KIND = {
    "TRADE_CLOSED": Kind.PAYMENT_CANCELLED,
    "TRADE_SUCCESS": Kind.PAYMENT_SUCCEEDED,
    "TRADE_FINISHED": Kind.PAYMENT_SUCCEEDED,
}
# Alipay repeats a notification for 25 hours; what is older is somebody's copy.
_OLDEST = dt.timedelta(hours=48)
_MOST_FIELDS = 200
# What is kept of a message: nothing that says who the payer is.
_KEPT = frozenset(
    {
        "notify_time",
        "notify_type",
        "notify_id",
        "app_id",
        "seller_id",
        "trade_no",
        "out_trade_no",
        "out_biz_no",
        "trade_status",
        "total_amount",
        "receipt_amount",
        "refund_fee",
        "trans_currency",
        "settle_currency",
        "gmt_create",
        "gmt_payment",
        "gmt_refund",
        "gmt_close",
        "send_pay_date",
        "code",
        "sub_code",
    }
)


def payment_state(fields: Mapping[str, Any], number: str) -> ProviderState:
    """Return how a payment stands, from an answer about the order ``number``."""
    try:
        if fields["out_trade_no"] != number:
            raise ValueError(f"it speaks of {fields['out_trade_no']}")
        status = _STATUS[fields["trade_status"]]
        money = _money(fields)
        paid_at = fields.get("send_pay_date") or ""
        at = moment_of(paid_at) if paid_at else None
    except (KeyError, TypeError, ValueError) as error:
        raise ProviderUnreachable(detail=f"{number}: unreadable answer, {error!r}") from error
    closed = status is Status.CANCELLED
    return ProviderState(
        status=status,
        provider_ref=number,
        money=None if closed else money,
        at=at,
        # Paid and given back in full, by somebody at Alipay: none of it is with us.
        failure=("refunded_at_provider" if paid_at else "closed") if closed else "",
        payer=_payer(fields),
        raw=_kept(fields),
    )


def notice(body: bytes, who: Merchant) -> Message:
    """Return the message in a notification; the signature is checked before anything else.

    ForgedMessage when it is not Alipay's, not for us, or older than two days; UnreadableMessage
    when a field that the documents promise is not there.
    """
    fields = _form(body)
    signature = fields.get("sign", "")
    if fields.get("sign_type") != "RSA2" or not signing.holds(
        signing.notice_content(fields), signature, who.alipay_key
    ):
        raise ForgedMessage(detail="alipay: the signature does not hold")
    for name, ours in (("app_id", who.app_id), ("seller_id", who.seller_id)):
        if fields.get(name) != ours:
            raise ForgedMessage(detail=f"alipay: it is for another {name}")
    try:
        sent = moment_of(fields["notify_time"])
        if abs(clock.now() - sent) > _OLDEST:
            raise ForgedMessage(detail=f"alipay: it is of {sent.isoformat()}")
        return _message(fields)
    except (KeyError, ValueError) as error:
        raise UnreadableMessage(detail=f"alipay: {error!r}") from error


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in _KEPT}


def _payer(fields: Mapping[str, Any]) -> str:
    """Return the mark of the buyer, whom a notification and an answer call by different names."""
    names = (fields.get(name) for name in ("buyer_open_id", "buyer_id", "buyer_user_id"))
    buyer = next(filter(None, names), "")
    return mark(f"alipay|{buyer}") if buyer else ""


def _form(body: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError as error:
        raise ForgedMessage(detail="alipay: not a form") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ForgedMessage(detail="alipay: a field is there twice")
    return fields


def _message(fields: Mapping[str, str]) -> Message:
    number = fields["out_trade_no"]
    paid_at = fields.get("gmt_payment", "")
    return Message(
        message_id=fields["notify_id"],
        kind=_kind(fields),
        reference=reference_of(number),
        provider_ref=number,
        money=_money(fields),
        at=moment_of(paid_at) if paid_at else None,
        failure="closed" if fields["trade_status"] == "TRADE_CLOSED" else "",
        payer=_payer(fields),
        raw=_kept(fields),
    )


def _kind(fields: Mapping[str, str]) -> Kind:
    if fields.get("notify_type") != "trade_status_sync" or fields.get("gmt_refund"):
        # A refund is told with the sum of all refunds so far: which one, only its query tells.
        return Kind.OTHER
    return _KIND.get(fields["trade_status"], Kind.OTHER)


def _money(fields: Mapping[str, Any]) -> Money:
    """Return what was paid; in a foreign currency when the trade was made or is settled in one."""
    named = [fields.get(name) for name in ("trans_currency", "settle_currency")]
    foreign = [str(name) for name in named if name and name != CURRENCY]
    return Money.parse(str(fields["total_amount"]), foreign[0] if foreign else CURRENCY)
