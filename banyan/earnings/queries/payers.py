"""Who has bought something for themselves."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import F

from banyan.orders.models import Order

from ..ports import person_of


def verified_payers(account_ids: Collection[int]) -> set[int]:
    """Return those whose person paid for at least one order that was not refunded. One query.

    Counts purchases of any account of the same person that is among ``account_ids``.
    """
    paid = (
        Order.objects.filter(
            checkout__buyer_id__in=list(account_ids),
            paid_at__isnull=False,
            refunded_amount__lt=F("total_amount"),
        )
        .values_list("checkout__buyer_id", flat=True)
        .distinct()
    )
    person = person_of(account_ids)
    persons = {person[account] for account in paid if account is not None}
    return {account for account in account_ids if person[account] in persons}
