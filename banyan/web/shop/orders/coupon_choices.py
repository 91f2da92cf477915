"""Coupons on the checkout page: which are used and why, and the buyer's own choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from banyan.entitlements.actions import count_typed_code
from banyan.entitlements.rules import Candidate, why
from banyan.kernel.digits import whole
from banyan.kernel.money import Money
from banyan.orders.actions.quoting import Quote

from ...http import actor
from ..people.sessions import client_address

MOST_OFF = 60


def off_in(values: Mapping[str, str]) -> list[int]:
    """Return the ids of the coupons that the form says are not to be used."""
    ids = (whole(text) for text in values.get("off", "").split(",")[:MOST_OFF])
    return [one for one in ids if one]


def changed(values: dict[str, str], act: str) -> dict[str, str]:
    """Return the form's values after a button: "off:ID", "on:ID", or "use:ID:ID,ID".

    The last takes a coupon instead of others, which are taken off.
    """
    verb, _colon, rest = act.partition(":")
    if verb not in {"off", "on", "use"}:
        return values
    chosen, _colon, rivals = rest.partition(":")
    off = set(off_in(values)) | set(off_in({"off": rivals}))
    one = set(off_in({"off": chosen}))
    off = off | one if verb == "off" else off - one
    if verb == "off" and chosen == values.get("typed", ""):
        values = values | {"coupon": ""}
    return values | {"off": ",".join(str(each) for each in sorted(off))}


def count_typed(request: HttpRequest) -> None:
    """Count a typed code against whoever types it; TooMany after many."""
    who = actor(request)
    known = f"account:{who.id}" if who.id else f"address:{client_address(request)}"
    count_typed_code(who=known)


def shown(quote: Quote) -> dict[str, Any]:
    """Return what the page says about coupons: used, not used, and what they save."""
    best = quote.coupons.best
    used = [
        _row(one.candidate)
        | {
            "amount": Money(-one.amount, quote.currency),
            "payer": _("paid for by the platform")
            if one.candidate.funded_by == "platform"
            else _("paid for by the shop"),
        }
        for one in best.applied
    ]
    refused = [
        _row(one.candidate)
        | {
            "why": why(one.miss, one.candidate.currency),
            "act": {
                "coupon_off": f"on:{one.candidate.key}",
                "coupon_less": f"use:{one.candidate.key}:{','.join(map(str, one.rivals))}",
            }.get(one.miss.code, ""),
        }
        for one in best.refused
        if not (one.candidate.typed and quote.coupons.problem)
    ]
    typed = next((one.candidate.key for one in best.applied if one.candidate.typed), "")
    return {
        "coupons_used": used,
        "coupons_not_used": refused,
        "coupon_typed": typed,
        "coupon_savings": Money(best.savings, quote.currency) if best.savings > 0 else None,
    }


def _row(coupon: Candidate) -> dict[str, Any]:
    return {
        "key": coupon.key,
        "title": coupon.title,
        "terms": " · ".join(coupon.terms.sentences(coupon.currency)),
        "expires_at": coupon.expires_at,
    }
