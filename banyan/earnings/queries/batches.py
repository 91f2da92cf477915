"""What stands in a payout batch, and what could be paid out."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Sum
from django.utils.translation import gettext as _

from banyan.kernel.money import Money
from banyan.ledger.models import Account as Book

from ..models import PayoutBatch, PayoutItem


@dataclass(frozen=True, slots=True)
class Totals:
    """How many people a batch pays, and how much per currency."""

    payees: int
    amounts: tuple[Money, ...]


def batch_totals(batch: PayoutBatch) -> Totals:
    """Return the sums of a batch; no query where its items were prefetched."""
    sums: dict[str, int] = {}
    items = [item for item in batch.items.all() if item.state != "skipped"]
    for item in items:
        sums[item.currency] = sums.get(item.currency, 0) + item.amount
    amounts = tuple(Money(amount, currency) for currency, amount in sorted(sums.items()))
    return Totals(len({item.payee_id for item in items}), amounts)


def item_state_text(state: str, reason: str = "") -> str:
    """Return what became of a payee's part of a batch, in words."""
    known = {
        "draft": _("Waits for approval"),
        "submitted": _("On its way"),
        "paid": _("Paid"),
        "failed": _("Came back; payable again"),
        "skipped": _("Left out: a refund took it"),
    }
    if reason == "no_destination":
        return _("Left out: has not said where it goes; still payable")
    if reason == "account_closed":
        return _("Left out: the account is closed or suspended; still payable")
    return known.get(state, state)


@dataclass(frozen=True, slots=True)
class Payable:
    """What could be paid out now and is in no draft; drafts that wait; failed payouts."""

    amounts: tuple[Money, ...]
    payees: int
    drafts: int
    failed: int


def payable_now(*, minimum: int) -> Payable:
    """Return what finance could do. Three queries."""
    drafted = PayoutItem.objects.filter(batch__state="draft").values("payee_id")
    due = Book.objects.filter(kind="earner_payable", balance__gte=minimum).exclude(
        owner_id__in=drafted
    )
    sums = due.values_list("currency").annotate(Sum("balance"), Count("pk")).order_by("currency")
    found = list(sums)
    later = PayoutItem.objects.filter(
        payee=OuterRef("payee"), currency=OuterRef("currency"), pk__gt=OuterRef("pk")
    )
    failed = PayoutItem.objects.filter(~Exists(later), state="failed")
    return Payable(
        amounts=tuple(Money(int(total), currency) for currency, total, _n in found),
        payees=sum(count for _c, _t, count in found),
        drafts=PayoutBatch.objects.filter(state="draft").count(),
        failed=failed.count(),
    )
