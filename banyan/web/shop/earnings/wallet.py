"""A member's wallet: the credit in it, and what each of its lines was for."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from banyan.kernel.actors import Actor
from banyan.orders.access import visible_checkouts
from banyan.payments.queries import WalletLine, wallet_lines, wallets_of

from ...http import actor, number, private, signed_in
from .words import wallet_kind

PAGE = 30


@require_safe
@private
@signed_in
def wallet(request: HttpRequest) -> HttpResponse:
    """Show the credit in each currency, and the lines of one, newest first."""
    who = actor(request)
    balances = wallets_of(who.id or 0)
    held = [balance.currency for balance in balances]
    asked = request.GET.get("currency", "")
    currency = asked if asked in held else next(iter(held), "")
    found = wallet_lines(
        account_id=who.id or 0,
        currency=currency,
        before=number(request.GET, "before"),
        limit=PAGE + 1,
    )
    more = {"currency": currency, "before": found[PAGE - 1].line.posting_id} if found[PAGE:] else {}
    context = {
        "nav": "me",
        "balances": [
            (balance, f"?{urlencode({'currency': balance.currency})}" if held[1:] else "")
            for balance in balances
        ],
        "currency": currency if held[1:] else "",
        "rows": _rows(who, found[:PAGE]),
        "more_url": f"?{urlencode(more)}" if more else "",
    }
    return render(request, "shop/earnings/wallet.html", context)


def _rows(who: Actor, found: list[WalletLine]) -> list[dict[str, Any]]:
    """Return the lines with the purchase each was for, where it is the member's own."""
    bought = {
        each.intent.subject_id
        for each in found
        if each.intent is not None and each.intent.subject_kind == "checkout"
    }
    tokens = dict(visible_checkouts(who).filter(pk__in=bought).values_list("pk", "access_token"))
    rows = []
    for each in found:
        intent = each.intent
        token = tokens.get(intent.subject_id) if intent is not None else None
        rows.append(
            {
                "line": each.line,
                "what": wallet_kind(each.line.kind),
                "for": intent.description if intent is not None else each.line.memo,
                "url": reverse("purchase", args=[token]) if token else "",
            }
        )
    return rows
