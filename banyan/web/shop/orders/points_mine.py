"""The member's own points: how many in which shop, where they came from and until when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from banyan.entitlements.access import visible_points
from banyan.entitlements.models import PointsLot, PointsPurse, PointsUse
from banyan.entitlements.purses import frozen_points, last_lots, last_uses
from banyan.kernel import clock
from banyan.kernel.money import Money

from ...http import actor, private, signed_in

LOTS = {
    "granted": ("gold", gettext_lazy("Yours after the return window")),
    "available": ("good", gettext_lazy("Yours to use")),
    "spent": ("", gettext_lazy("Used")),
    "expired": ("", gettext_lazy("Ran out")),
    "reversed": ("", gettext_lazy("Taken back with a refund")),
}
USES = {
    "reserved": ("gold", gettext_lazy("In an order that waits for payment")),
    "spent": ("", gettext_lazy("Used")),
    "released": ("", gettext_lazy("Given back")),
}


@require_safe
@private
@signed_in
def points_mine(request: HttpRequest) -> HttpResponse:
    """List the member's points, shop by shop."""
    purses = list(visible_points(actor(request)))
    frozen, lots, uses = frozen_points(purses), last_lots(purses), last_uses(purses)
    rows = [_purse(one, frozen, lots, uses) for one in purses]
    return render(request, "shop/orders/points.html", {"nav": "me", "purses": rows})


def _purse(
    purse: PointsPurse,
    frozen: Mapping[int, int],
    lots: Iterable[PointsLot],
    uses: Iterable[PointsUse],
) -> dict[str, Any]:
    terms = purse.terms
    return {
        "shop": terms.shop,
        "balance": purse.balance,
        "worth": Money(max(0, purse.balance) * terms.worth, terms.currency),
        "owed": purse.owed,
        "frozen": frozen.get(purse.pk, 0),
        "lots": [_lot(lot) for lot in lots if lot.purse_id == purse.pk],
        "uses": [
            {
                "order": use.order_number,
                "points": use.points,
                "returned": use.returned,
                "amount": Money(-use.amount, terms.currency),
                "kind": USES[use.state][0],
                "state": USES[use.state][1],
            }
            for use in uses
            if use.purse_id == purse.pk
        ],
    }


def _lot(lot: PointsLot) -> dict[str, Any]:
    state = lot.state
    if state == "available" and lot.expires_at and lot.expires_at <= clock.now():
        state = "expired"
    kind, word = LOTS[state]
    return {
        "order": lot.order_number,
        "points": lot.points,
        "left": lot.left,
        "kind": kind,
        "state": word,
        "available_at": lot.available_at if state == "granted" else None,
        "expires_at": lot.expires_at,
    }
