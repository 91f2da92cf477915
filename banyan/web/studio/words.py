"""States and prices in the shop's own words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext as _

from banyan.catalog.rules import IN_PARCELS
from banyan.kernel.money import Money
from banyan.orders.models import OrderLine

from ..shop.orders.explaining import step_rows


def order_state(state: str, lines: Collection[OrderLine] = ()) -> tuple[str, str]:
    """Return the text and the tone of an order's state; of ``lines`` some may be sent, or given."""
    given = [line for line in lines if line.shipped_quantity]
    if state == "paid" and given:
        if any(line.kind in IN_PARCELS for line in given):
            return _("Partly sent"), "gold"
        if not any(line.to_ship for line in lines):
            return _("Handed over"), "good"
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
        "taken_down": (_("Taken down"), "bad"),
    }
    return known.get(state, (state, ""))


def payout_state(state: str) -> tuple[str, str]:
    """Return the text and the tone of what became of a payout to the shop."""
    known = {
        "submitted": (_("On its way to you"), "gold"),
        "paid": (_("Paid out"), "good"),
        "failed": (_("Could not be sent; owed again"), "bad"),
        "returned": (_("Your bank sent it back; owed again"), "bad"),
    }
    return known.get(state, (state, ""))


def money_kind(kind: str) -> str:
    """Return what a line of the shop's statement is."""
    known = {
        "order.paid": _("Sale"),
        "order.refunded": _("Refund"),
        "order.charged_back": _("Chargeback"),
        "commission.earned": _("Commission set aside"),
        "commission.reversed": _("Commission back after a refund"),
        "commission.fee": _("Fee on a margin"),
        "commission.fee_returned": _("Fee on a margin back after a refund"),
        "campaign.perk": _("Earned by whoever opened the group"),
        "campaign.perk_back": _("Back from whoever opened the group"),
        "payout.requested": _("Passed on to your own account"),
        "payout.failed": _("Not passed on: it came back"),
        "payout.returned": _("Taken back from your own account"),
        "shop_payout.requested": _("Paid out to you"),
        "shop_payout.failed": _("A payout came back"),
        "shop_payout.returned": _("Your bank sent a payout back"),
        "debt.paid": _("You paid what the shop owed"),
        "debt.let_go": _("What the shop owed was let go"),
        "payment_request.paid": _("Payment that you asked for"),
        "payment_request.refunded": _("Refund of a payment that you asked for"),
        "chargeback.borne": _("Chargeback of a payment that you asked for"),
    }
    return known.get(kind, kind)


def price_rows(line: OrderLine) -> list[tuple[Any, ...]]:
    """Return the stored explanation of a line's price, step by step, and what was paid."""
    rows = step_rows(line.price, line.currency)
    paid = line.paid_amount
    rows.append((_("Paid"), Money(paid, line.currency), "total"))
    if line.refunded_amount:
        rows.append((_("Refunded"), Money(-line.refunded_amount, line.currency)))
    return rows
