"""Points on the checkout page: how many may be used, and whether they shall be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from banyan.kernel.money import Money
from banyan.orders.actions.quoting import Quote

KEEP = "keep"


def changed(values: dict[str, str], act: str) -> dict[str, str]:
    """Return the form's values after the button "points:use" or "points:keep"."""
    verb, _colon, what = act.partition(":")
    return values | {"points": what} if verb == "points" else values


def wanted(values: Mapping[str, str]) -> bool:
    """Tell whether points shall be used: yes, unless the buyer keeps them."""
    return values.get("points", "") != KEEP


def shown(quote: Quote) -> dict[str, Any]:
    """Return what the page says about points: how many in which shop, and what they take off."""
    shops = {v.product.shop_id: v.product.shop.name for v in quote.variants.values()}
    return {
        "points_offered": [
            {
                "shop": shops[one.purse.shop_id],
                "points": one.points,
                "amount": Money(-one.amount, quote.currency),
            }
            for one in quote.points.offered
        ],
        "points_used": quote.points.wanted,
    }
