"""Alipay's daily bill of trades: a zip of CSV files in GBK, with comment lines around the table.

Format: https://opendocs.alipay.com/open/01inem (the account's trades, "业务明细").
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from banyan.kernel.money import Money

from ...problems import ProviderRefused
from ..bills import BillLine
from .values import CURRENCY, moment_of, reference_of

_TRADE_NO = "支付宝交易号"
_ORDER_NO = "商户订单号"
_TYPE = "业务类型"
_DONE_AT = "完成时间"
_AMOUNT = "订单金额（元）"
_REQUEST_NO = "退款批次号/请求号"
_FEE = "服务费（元）"
_COLUMNS = (_TRADE_NO, _ORDER_NO, _TYPE, _DONE_AT, _AMOUNT, _REQUEST_NO, _FEE)
_KINDS: dict[str, Literal["payment", "refund"]] = {"交易": "payment", "退款": "refund"}
_MOST_BYTES = 256 * 1024 * 1024


def lines_of(data: bytes) -> Sequence[BillLine]:
    """Return the trades and refunds in a bill. ProviderRefused ``bill_unreadable`` if it is none.

    The zip has a second file, of totals by shop; only the one with the trades' columns is read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise ValueError("too large")
            tables = [_table(archive.read(member)) for member in archive.infolist()]
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise ProviderRefused("bill_unreadable", detail=str(error)) from error
    trades = [table for table in tables if table is not None]
    if not trades:
        raise ProviderRefused("bill_unreadable", detail="no file has the columns of trades")
    return [line for table in trades for line in table]


def _table(data: bytes) -> list[BillLine] | None:
    """Read one file; None when it is not the table of trades."""
    text = data.decode("gb18030")
    rows = csv.reader(line for line in text.splitlines() if line and not line.startswith("#"))
    header = [name.strip() for name in next(rows, [])]
    if not set(_COLUMNS) <= set(header):
        return None
    return list(_lines(header, rows))


def _lines(header: Sequence[str], rows: Iterator[list[str]]) -> Iterator[BillLine]:
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise ValueError(f"trade {number} has {len(row)} cells instead of {len(header)}")
        cells = {name: cell.strip() for name, cell in zip(header, row, strict=True)}
        try:
            yield _line(cells)
        except (KeyError, ValueError) as error:
            raise ValueError(f"trade {number}: {error}") from error


def _line(cells: Mapping[str, str]) -> BillLine:
    kind = _KINDS[cells[_TYPE]]
    number = cells[_REQUEST_NO] if kind == "refund" else cells[_ORDER_NO]
    amount = Money.parse(cells[_AMOUNT], CURRENCY)
    return BillLine(
        reference=reference_of(number),
        provider_ref=cells[_TRADE_NO],
        kind=kind,
        money=Money(abs(amount.amount), CURRENCY),
        fee=-Money.parse(cells[_FEE], CURRENCY),  # what is taken stands there as a loss
        at=moment_of(cells[_DONE_AT]),
    )
