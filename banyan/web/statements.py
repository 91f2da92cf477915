"""Statements of an account of the ledger: a month of a currency on a page, and as a file.

Whose account it is, what its lines are called and what they are about, the callers know.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format

from banyan.kernel.problems import NotFound
from banyan.ledger.queries import MonthSums, StatementLine

from . import zones
from .http import day, number
from .ui.shapes import Tab

Cells = Mapping[str, str]
Read = Callable[..., list[StatementLine]]
PAGE = 100


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's statement: addresses of its page and file, and its months by currency.

    ``read`` returns the lines of a ``currency`` and a ``month`` (UTC), ``limit`` after the first
    ``skip`` of them if given.
    """

    page: str
    file: str
    books: Mapping[str, Sequence[MonthSums]]
    read: Read


def context(request: HttpRequest, of: Statement) -> tuple[dict[str, Any], list[StatementLine]]:
    """Return what the page shows of the month asked for, and its lines; the latest without one.

    ``PAGE`` lines at most, from the number of the address on. Moments are written in UTC from here
    on, as the months are counted. Raises NotFound for a currency or a month without a line.
    """
    books = {code: sums for code, sums in of.books.items() if sums}
    currency, sums = _chosen(request, books)
    zones.take("UTC")
    shown: dict[str, Any] = {
        "currencies": [
            Tab(code, f"?{urlencode({'currency': code})}", current=code == currency)
            for code in books
        ],
        "sums": sums,
    }
    if sums is None:
        return shown, []
    start = number(request.GET, "from", most=10**9) or 0
    lines = of.read(currency=currency, month=sums.month, skip=start, limit=PAGE)
    if not lines:
        raise NotFound()
    end = start + len(lines)
    shown |= {
        "title": _month(sums),
        "opening": lines[0].balance - lines[0].amount,
        "months": [
            (_month(each), _url(of.page, currency, each), each is sums) for each in books[currency]
        ],
        "more_url": f"{_url(of.page, currency, sums)}&from={end}" if end < sums.lines else "",
        "export_url": _url(of.file, currency, sums),
        "everything_url": _url(of.file, currency, None),
    }
    return shown, lines


def _chosen(
    request: HttpRequest, books: Mapping[str, Sequence[MonthSums]]
) -> tuple[str, MonthSums | None]:
    currency = request.GET.get("currency", "") or next(iter(books), "")
    if not currency:
        return "", None
    wanted = request.GET.get("month", "")
    for sums in books.get(currency, []):
        if not wanted or wanted == f"{sums.month:%Y-%m}":
            return currency, sums
    raise NotFound()


def _month(sums: MonthSums) -> str:
    return date_format(sums.month, "YEAR_MONTH_FORMAT")


def _url(path: str, currency: str, sums: MonthSums | None) -> str:
    query = {"currency": currency} | ({"month": f"{sums.month:%Y-%m}"} if sums else {})
    return f"{path}?{urlencode(query)}"


def file(
    request: HttpRequest,
    of: Statement,
    *,
    name: str,
    columns: Sequence[str],
    written: Callable[[list[StatementLine]], Iterable[Cells]],
) -> HttpResponse:
    """Return a month as CSV, or without a month everything, oldest first.

    ``written`` says the cells of lines that are about something, beside those that every line has:
    ``at`` (UTC), ``amount`` and ``balance`` (decimal numbers of ``currency``). It protects them
    from being read as formulas. Raises NotFound where there is no line.
    """
    currency, text = request.GET.get("currency", ""), request.GET.get("month", "")
    month = _day(text)
    months = [
        sums.month
        for sums in reversed(of.books.get(currency, []))
        if month is None or sums.month == month
    ]
    if not months:
        raise NotFound()
    answer = HttpResponse(  # whole, for its words are in the language of this request
        "".join(_csv(of.read, currency, months, columns, written)),
        content_type="text/csv; charset=utf-8",
    )
    called = f"{name}-{currency}{f'-{month:%Y-%m}' if month else ''}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{called}"'
    return answer


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    found = day(f"{text}-01")
    if found is None:
        raise NotFound()
    return found


def _csv(
    read: Read,
    currency: str,
    months: Sequence[dt.date],
    columns: Sequence[str],
    written: Callable[[list[StatementLine]], Iterable[Cells]],
) -> Iterator[str]:
    yield "\ufeff"  # so that spreadsheets read it as UTF-8
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for month in months:  # one at a time, so that years of lines are never in memory together
        lines = read(currency=currency, month=month)
        for line, cells in zip(lines, written(lines), strict=True):
            writer.writerow(_common(line) | dict(cells))
        yield out.getvalue()
        out.seek(0)
        out.truncate()


def _common(line: StatementLine) -> dict[str, str]:
    return {
        "at": line.at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "amount": str(line.amount.decimal),
        "balance": str(line.balance.decimal),
        "currency": line.amount.currency,
    }
