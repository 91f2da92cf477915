"""WeChat Pay's trade bill, a file of lines. No network, no settings.

https://pay.weixin.qq.com/docs/merchant/products/bill-download/format-trade.html: a line of names,
a line for each payment and refund of the day, a line of names of sums, a line of sums. Fields
stand between commas, each figure and text after a backtick. Amounts are yuan, times are China's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from banyan.kernel.money import Money, minor_digits

from ..bills import BillLine
from .reading import CHINA

TIME, STATE, CURRENCY = "交易时间", "交易状态", "货币种类"
TRADE, OUR_TRADE = "微信订单号", "商户订单号"
REFUND, OUR_REFUND, REFUND_STATE = "微信退款单号", "商户退款单号", "退款状态"
PAID, REFUNDED, FEE = "订单金额", "申请退款金额", "手续费"
COUNT, ALL_PAID, ALL_REFUNDED = "总交易单数", "订单总金额", "申请退款总金额"

_SENT_BACK = ("REFUND", "REVOKED")


def lines_of(text: str) -> list[BillLine]:
    """Return the payments and refunds in a bill of type ALL; a refund that failed is left out.

    ValueError or KeyError when the file is not as published, or its own sums do not agree with its
    lines.
    """
    # Not splitlines(), which takes more for the end of a line than a product's name may hold.
    rows = [row for row in text.removeprefix("\ufeff").split("\n") if row.strip()]
    if len(rows) < 3 or rows[-1][0] != "`":
        raise ValueError("the bill has no sums at its end")
    *details, sum_names, sums = rows[1:]
    names = rows[0].split(",")
    found = [_fields(names, row) for row in details]
    _check_sums(found, _fields(sum_names.split(","), sums))
    lines = [_line(fields) for fields in found]
    return [line for line, fields in zip(lines, found, strict=True) if _moved(fields)]


def _fields(names: Sequence[str], row: str) -> Mapping[str, str]:
    """Split a row at the backticks, so that a comma in a product's name does no harm."""
    values = row.removeprefix("`").split(",`")
    if len(values) != len(names):
        raise ValueError(f"{len(values)} fields under {len(names)} names")
    return {name.strip(): value.strip() for name, value in zip(names, values, strict=True)}


def _moved(fields: Mapping[str, str]) -> bool:
    return fields[STATE] not in _SENT_BACK or fields[REFUND_STATE] not in ("FAIL", "CLOSED")


def _line(fields: Mapping[str, str]) -> BillLine:
    back = fields[STATE] in _SENT_BACK
    currency = fields[CURRENCY] or "CNY"
    return BillLine(
        reference=fields[OUR_REFUND if back else OUR_TRADE],
        provider_ref=fields[REFUND if back else TRADE],
        kind="refund" if back else "payment",
        money=Money.parse(fields[REFUNDED if back else PAID], currency),
        fee=_fee(fields[FEE], currency),
        at=dt.datetime.fromisoformat(fields[TIME]).replace(tzinfo=CHINA),
    )


def _fee(text: str, currency: str) -> Money:
    """Read a fee, which has five decimals, to the nearest minor unit."""
    exact = _figure(text).scaleb(minor_digits(currency))
    return Money(int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP)), currency)


def _check_sums(rows: Sequence[Mapping[str, str]], sums: Mapping[str, str]) -> None:
    """A file that was cut off, or read under wrong names, does not agree with its own sums."""
    wanted = {
        COUNT: Decimal(len(rows)),
        ALL_PAID: _sum(rows, PAID),
        ALL_REFUNDED: _sum(rows, REFUNDED),
    }
    for name, value in wanted.items():
        if _figure(sums[name]) != value:
            raise ValueError(f"{name} is {sums[name]}, its lines give {value}")


def _sum(rows: Sequence[Mapping[str, str]], name: str) -> Decimal:
    return sum((_figure(row[name]) for row in rows), Decimal(0))


def _figure(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a figure") from error
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a figure")
    return value
