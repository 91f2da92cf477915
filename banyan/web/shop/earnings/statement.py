"""The statement of what is payable to a member: month by month, to print and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from banyan.catalog.rules.product_csv.cells import protect
from banyan.earnings import queries
from banyan.ledger.queries import StatementLine
from banyan.people.access import get_own_account

from ... import statements
from ...http import actor, private, signed_in
from ...statements import Statement
from .words import statement_kind

COLUMNS = ("at", "what", "order", "shop", "goods", "amount", "balance", "currency")


def _of(account_id: int) -> Statement:
    return Statement(
        page=reverse("statement"),
        file=reverse("statement_export"),
        books=queries.statement_months(account_id),
        read=partial(queries.statement, account_id=account_id),
    )


@require_safe
@private
@signed_in
def statement(request: HttpRequest) -> HttpResponse:
    """Show a month of the member's statement, the latest unless one is chosen."""
    account = get_own_account(actor(request))
    shown, lines = statements.context(request, _of(account.pk))
    context = {"nav": "me", "account": account, "rows": _rows(lines, account.pk), **shown}
    return render(request, "shop/earnings/statement.html", context)


def _rows(lines: list[StatementLine], account_id: int) -> list[dict[str, Any]]:
    behind = queries.behind(lines, account_id)
    rows = []
    for line in lines:
        earned = behind.get(line.subject_id) if line.subject_kind == "commission" else None
        row: dict[str, Any] = {"line": line, "what": statement_kind(line.kind)}
        if earned:
            row |= {
                "url": reverse("earning", args=[earned.pk]),
                "thing": earned.line.title,
                "about": earned.order.shop.name,
                "number": earned.order.number,
            }
        rows.append(row)
    return rows


@require_safe
@private
@signed_in
def export(request: HttpRequest) -> HttpResponse:
    """Return a month of the statement as CSV, or without a month all of it."""
    account = get_own_account(actor(request))

    def written(lines: list[StatementLine]) -> Iterator[dict[str, str]]:
        for row in _rows(lines, account.pk):
            yield {
                "what": row["what"],
                "order": row.get("number", ""),
                "shop": protect(row.get("about", "")),
                "goods": protect(row.get("thing", "")),
            }

    return statements.file(
        request, _of(account.pk), name="statement", columns=COLUMNS, written=written
    )
