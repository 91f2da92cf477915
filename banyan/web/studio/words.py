"""States and prices in the shop's own words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from banyan.kernel.money import Money, format_money
from banyan.orders.models import OrderLine


def order_state(state: str, *, partly: bool = False) -> tuple[str, str]:
    """Return the text and the tone of an order's state; ``partly``: some of it is sent."""
    if state == "paid" and partly:
        return _("Partly sent"), "gold"
    known = {
        "placed": (_("Waiting for payment"), ""),
        "paid": (_("To ship"), "gold"),
        "shipped": (_("Sent"), "good"),
        "received": (_("Received"), "good"),
        "expired": (_("Expired unpaid"), ""),
        "cancelled": (_("Cancelled unpaid"), ""),
        "closed": (_("Refunded in full"), "bad"),
    }
    return known.get(state, (state, ""))


def product_state(state: str) -> tuple[str, str]:
    """Return the text and the tone of a product's state."""
    known = {
        "draft": (_("Draft"), ""),
        "active": (_("On sale"), "good"),
        "archived": (_("Put away"), ""),
    }
    return known.get(state, (state, ""))


def price_rows(line: OrderLine) -> list[tuple[Any, ...]]:
    """Return the stored explanation of a line's price, step by step, and what was paid."""
    rows: list[tuple[Any, ...]] = []
    for step in line.price:
        amount = Money(int(step["amount"]), line.currency)
        kind = step["step"]
        if kind == "list":
            unit = format_money(Money(int(step["unit"]), line.currency))
            rows.append((f"{unit} × {step['n']}", amount))
        elif kind == "coupon":
            rows.append((_("Coupon %(code)s, paid by the shop") % {"code": step["code"]}, amount))
        elif kind == "shipping":
            rows.append((_("Shipping, this line's part"), amount))
        else:
            rows.append((step.get("note") or kind, amount))
    paid = line.paid_amount
    rows.append((_("Paid"), Money(paid, line.currency), "total"))
    if line.refunded_amount:
        rows.append((_("Refunded"), Money(-line.refunded_amount, line.currency)))
    return rows
