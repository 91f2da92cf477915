"""Alipay's daily bill of trades: a zip of CSV files in GBK, with comment lines around the table.

Format: https://opendocs.alipay.com/open/01inem (the account's trades, "业务明细").
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from banyan.kernel.money import Money

from ...problems import ProviderRefused
from ..bills import BillLine
from .values import CURRENCY, moment_of, reference_of

_TRADE_NO = "支付宝交易号"
_ORDER_NO = "商户订单号"
_TYPE = "业务类型"
_TITLE = "商品名称"
_MADE_AT = "创建时间"
_DONE_AT = "完成时间"
_AMOUNT = "订单金额（元）"
_REQUEST_NO = "退款批次号/请求号"
_FEE = "服务费（元）"
_COLUMNS = (_TRADE_NO, _ORDER_NO, _TYPE, _TITLE, _MADE_AT, _DONE_AT, _AMOUNT, _REQUEST_NO, _FEE)
_KINDS: dict[str, Literal["payment", "refund"]] = {"交易": "payment", "退款": "refund"}
_MOST_BYTES = 256 * 1024 * 1024
# The last: locked, or packed in a way that nobody knows.
_DAMAGED = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError)


def lines_of(data: bytes) -> Sequence[BillLine]:
    """Return the trades and refunds in a bill. ProviderRefused ``bill_unreadable`` if it is none.

    The zip has a second file, of totals by shop; only the one with the trades' columns is read.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise ValueError("too large")
            tables = [_table(archive.read(member)) for member in archive.infolist()]
    except _DAMAGED as error:
        raise ProviderRefused("bill_unreadable", detail=str(error)) from error
    trades = [table for table in tables if table is not None]
    if not trades:
        raise ProviderRefused("bill_unreadable", detail="no file has the columns of trades")
    return [line for table in trades for line in table]


def _table(data: bytes) -> list[BillLine] | None:
    """Read one file; None when it is not the table of trades."""
    text = data.decode("gb18030")
    # Nothing is quoted, and nothing but a line feed ends a line: a title may hold any letter.
    lines = (line for line in text.split("\n") if line.strip() and not line.startswith("#"))
    rows = (line.split(",") for line in lines)
    header = [name.strip() for name in next(rows, [])]
    if not set(_COLUMNS) <= set(header):
        return None
    return list(_lines(header, rows))


def _lines(header: Sequence[str], rows: Iterator[list[str]]) -> Iterator[BillLine]:
    for number, row in enumerate(rows, 1):
        try:
            yield _line(_cells(header, row))
        except (KeyError, ValueError) as error:
            raise ValueError(f"trade {number}: {error}") from error


def _cells(header: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    """Return the cells by their names.

    Nothing is quoted in a bill, so that a comma in a title makes cells too many; those of the
    moments tell where it was.
    """
    surplus = len(row) - len(header)
    for torn in (header.index(_TITLE), len(header) - 1):
        end = torn + surplus + 1
        whole = [*row[:torn], ",".join(row[torn:end]), *row[end:]]
        cells = {name: cell.strip() for name, cell in zip(header, whole, strict=False)}
        if surplus >= 0 and _is_moment(cells[_MADE_AT]) and _is_moment(cells[_DONE_AT]):
            return cells
    raise ValueError(f"{len(row)} cells instead of {len(header)}, or no moment")


def _is_moment(text: str) -> bool:
    try:
        moment_of(text)
    except ValueError:
        return False
    return True


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
