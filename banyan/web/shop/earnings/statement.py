"""The statement of what is payable to a member: month by month, to print and as a file."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from banyan.catalog.rules.product_csv.cells import protect
from banyan.earnings import queries
from banyan.earnings.models import Commission
from banyan.kernel.problems import NotFound
from banyan.ledger.queries import MonthSums, StatementLine
from banyan.people.access import get_own_account
from banyan.web.ui.shapes import Tab

from ... import zones
from ...http import actor, day, private, signed_in
from .words import statement_kind

COLUMNS = ("at", "what", "order", "shop", "goods", "amount", "balance", "currency")


@require_safe
@private
@signed_in
def statement(request: HttpRequest) -> HttpResponse:
    """Show a month of the member's statement, the latest unless one is chosen."""
    account = get_own_account(actor(request))
    books = {code: sums for code, sums in queries.statement_months(account.pk).items() if sums}
    currency, sums = _chosen(request, books)
    context = {
        "nav": "me",
        "account": account,
        "currencies": [
            Tab(code, f"?{urlencode({'currency': code})}", current=code == currency)
            for code in books
        ],
        "sums": sums,
    }
    if sums is not None:
        lines = queries.statement(account_id=account.pk, currency=currency, month=sums.month)
        context |= {
            "title": _month(sums),
            "months": [
                (_month(each), _url("statement", currency, each), each is sums)
                for each in books[currency]
            ],
            "rows": _rows(lines, account.pk),
            "export_url": _url("statement_export", currency, sums),
            "everything_url": _url("statement_export", currency, None),
        }
    zones.take("UTC")  # as the months that it counts
    return render(request, "shop/earnings/statement.html", context)


def _chosen(
    request: HttpRequest, books: dict[str, list[MonthSums]]
) -> tuple[str, MonthSums | None]:
    """Return the currency and the month asked for; NotFound for one without a line."""
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


def _url(name: str, currency: str, sums: MonthSums | None) -> str:
    query = {"currency": currency} | ({"month": f"{sums.month:%Y-%m}"} if sums else {})
    return f"{reverse(name)}?{urlencode(query)}"


def _rows(lines: list[StatementLine], account_id: int) -> list[dict[str, Any]]:
    behind = queries.behind(lines, account_id)
    rows = []
    for line in lines:
        earned = behind.get(line.subject_id) if line.subject_kind == "commission" else None
        rows.append({"line": line, "what": statement_kind(line.kind), "commission": earned})
    return rows


@require_safe
@private
@signed_in
def export(request: HttpRequest) -> HttpResponse:
    """Return a month of the statement as CSV, or without a month all of it.

    ``amount`` and ``balance`` are decimal numbers of ``currency``; ``at`` is UTC.
    """
    account = get_own_account(actor(request))
    currency = request.GET.get("currency", "")
    month = _day(request.GET.get("month", ""))
    lines = queries.statement(account_id=account.pk, currency=currency, month=month)
    if not lines:
        raise NotFound()
    behind = queries.behind(lines, account.pk)
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for line in lines:
        earned = behind.get(line.subject_id) if line.subject_kind == "commission" else None
        writer.writerow(_cells(line, earned))
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"statement-{currency}{f'-{month:%Y-%m}' if month else ''}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _day(text: str) -> dt.date | None:
    if not text:
        return None
    found = day(f"{text}-01")
    if found is None:
        raise NotFound()
    return found


def _cells(line: StatementLine, earned: Commission | None) -> dict[str, str]:
    return {
        "at": line.at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "what": statement_kind(line.kind),
        "order": earned.order.number if earned else "",
        "shop": protect(earned.order.shop.name) if earned else "",
        "goods": protect(earned.line.title) if earned else "",
        "amount": str(line.amount.decimal),
        "balance": str(line.balance.decimal),
        "currency": line.amount.currency,
    }
