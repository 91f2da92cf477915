"""What really happened, counted from the tables."""

from __future__ import annotations

import time

from django.db.models import Sum

from banyan.catalog.models import Stock
from banyan.ledger.proof import verify
from banyan.orders.models import Checkout, OrderLine
from banyan.payments.models import Intent
from banyan.web.shop.race import Recount

from .stage import Sale

SETTLE_SECONDS = 10.0


def settle(sale: Sale) -> None:
    """Wait until no payment of the sale is under way: messages may come after the buyers."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        checkouts = Checkout.objects.filter(orders__lines__product_id=sale.product_id)
        intents = Intent.objects.filter(
            subject_kind="checkout", subject_id__in=checkouts.values("id")
        )
        if not intents.filter(state__in=["created", "pending"]).exists():
            return
        time.sleep(0.1)


def recount(sale: Sale) -> Recount:
    """Count the paid orders, the units left over or sold too often, and prove the ledger."""
    lines = OrderLine.objects.filter(product_id=sale.product_id, order__paid_at__isnull=False)
    paid = lines.values("order__checkout_id").distinct().count()
    sold = lines.aggregate(n=Sum("quantity"))["n"] or 0
    stock = Stock.objects.get(variant_id=sale.variant_id)
    report = verify()
    return Recount(
        paid=paid,
        unsold=stock.on_hand - stock.allocated,
        oversold=max(0, sold - sale.units),
        ledger=sum(abs(total) for total in report.totals.values()) + len(report.drifts),
        journals=report.journals,
    )
