"""The merchant's money: what the platform owes the shop, pays out to it, and the statement."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from banyan.catalog.access import MANAGERS, works_in
from banyan.catalog.models import Shop
from banyan.catalog.rules.product_csv.cells import protect
from banyan.earnings import queries
from banyan.ledger.queries import StatementLine

from .. import statements
from ..http import actor, private, signed_in
from ..statements import Statement
from .payments import OWNER, connected_to
from .room import page, shop_of
from .words import money_kind, payout_state

MOST_PAYOUTS = 24
COLUMNS = ("at", "what", "order", "note", "amount", "balance", "currency")


def _of(shop: Shop) -> Statement:
    return Statement(
        page=reverse("studio_money", args=[shop.slug]),
        file=reverse("studio_money_export", args=[shop.slug]),
        books=queries.shop_statement_months(shop.pk),
        read=partial(queries.shop_statement, shop_id=shop.pk),
    )


@require_safe
@private
@signed_in
def money(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Show what the shop is owed, what was paid out to it, and a month of its statement.

    The latest month unless one is chosen.
    """
    shop = shop_of(request, shop_slug, MANAGERS)
    shown, lines = statements.context(request, _of(shop))
    context = {
        "standings": queries.shop_standings(shop.pk),
        "connected": connected_to(shop),
        "is_owner": works_in(actor(request), shop.pk, OWNER),
        "said": queries.shop_destination(shop.pk),
        "payouts": [
            {"payout": one, "state": payout_state(one.state)}
            for one in queries.shop_payouts(shop.pk, limit=MOST_PAYOUTS)
        ],
        "rows": _rows(shop, lines),
        **shown,
    }
    return page(request, shop, "money", "studio/money.html", context)


def _rows(shop: Shop, lines: list[StatementLine]) -> list[dict[str, Any]]:
    behind = queries.orders_behind(lines, shop.pk)
    rows = []
    for line in lines:
        order = behind.get((line.subject_kind, line.subject_id))
        row: dict[str, Any] = {"line": line, "what": money_kind(line.kind)}
        if order is not None:
            url = reverse("studio_order", args=[shop.slug, order.pk])
            row |= {"url": url, "number": order.number}
        elif line.subject_kind == "payment_request":
            row |= {"url": reverse("studio_payments", args=[shop.slug]), "thing": line.memo}
        rows.append(row)
    return rows


@require_safe
@private
@signed_in
def export(request: HttpRequest, shop_slug: str) -> HttpResponse:
    """Return a month of the statement as CSV, or without a month all of it."""
    shop = shop_of(request, shop_slug, MANAGERS)

    def written(lines: list[StatementLine]) -> Iterator[dict[str, str]]:
        for row in _rows(shop, lines):
            yield {
                "what": row["what"],
                "order": protect(row.get("number", "")),
                "note": protect(row.get("thing", "")),
            }

    return statements.file(
        request, _of(shop), name=f"{shop.slug}-money", columns=COLUMNS, written=written
    )
