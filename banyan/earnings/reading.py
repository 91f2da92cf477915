"""What placement and payment read of commissions, each by one remembered statement."""

from __future__ import annotations

from django.db.models import QuerySet

from banyan.kernel.remembered import remembered

from .models import Commission


@remembered
def quoted_commissions(order_id: int) -> QuerySet[Commission]:
    """Return the commissions of an order that nobody has paid yet, with the order."""
    commissions = Commission.objects.filter(order_id=order_id, state="quoted")
    return commissions.select_related("order").order_by("id")
