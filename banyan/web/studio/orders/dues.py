"""What a shop gets of an order, as its page and the ledger say it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from banyan.earnings.queries import due_of
from banyan.orders.models import Order


def due_rows(found: Order) -> list[tuple[Any, ...]]:
    """Return the sums from what was paid to what the shop gets, as facts; none before."""
    due = due_of(found)
    if due is None:
        return []
    rows: list[tuple[Any, ...]] = [(_("Paid"), due.paid)]
    if due.borne.amount:
        rows.append((_("Borne by the platform"), due.borne))
    less = (
        (_("Refunds"), due.refunded),
        (_("Commissions"), due.commissions),
        (_("Fee on a margin"), due.fee),
        (_("Earned by whoever opened the group"), due.leaders),
        (_("Chargeback"), due.charged_back),
    )
    rows += [(label, -sum_) for label, sum_ in less if sum_.amount]
    rows.append((_("What the shop gets"), due.due, "total"))
    if due.passed_on.amount:
        rows.append((_("Passed on to your own account"), due.passed_on))
    return rows
