"""What the ledger says about one order, by its journals' subjects alone."""

from __future__ import annotations

from django.db.models import Q, Sum

from banyan.ledger.models import Posting
from banyan.orders.models import Order


def posted_about(order: Order) -> int:
    """Return what was posted onto the shop's account about an order; minor units.

    Without what went on to the shop's own account, or came back from it.
    """
    refunds, commissions = order.refunds.values("pk"), order.commissions.values("pk")
    about = (
        Q(journal__subject_kind="order", journal__subject_id=order.pk)
        | Q(journal__subject_kind="order_refund", journal__subject_id__in=refunds)
        | Q(journal__subject_kind="commission", journal__subject_id__in=commissions)
    )
    of_shop = Posting.objects.filter(
        about,
        account__kind="shop_payable",
        account__owner_id=order.shop_id,
        account__currency=order.currency,
    )
    return int(of_shop.aggregate(total=Sum("amount"))["total"] or 0)
