"""Who has bought something for themselves."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F

from banyan.orders.models import Order
from banyan.trust.queries import mates_of


def verified_payers(account_ids: Collection[int]) -> set[int]:
    """Return those whose person paid for at least one order that was not refunded. Two queries.

    Purchases of every account of a person count, as ``trust`` knows it.
    """
    mates = {one.account_id: one.cluster for one in mates_of(account_ids)}
    paid = (
        Order.objects.filter(
            checkout__buyer_id__in=mates.keys() | set(account_ids),
            paid_at__isnull=False,
            refunded_amount__lt=F("total_amount"),
        )
        .values_list("checkout__buyer_id", flat=True)
        .distinct()
    )
    persons = {mates.get(account, account) for account in paid if account is not None}
    return {account for account in account_ids if mates.get(account, account) in persons}
