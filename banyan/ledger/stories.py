"""The journals of a story, each with its postings."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db.models import Q
from django.utils.translation import gettext as _

from banyan.kernel.money import Money
from banyan.kernel.stories import Chapter, Part, sums_to_zero

from .models import Account, Journal


def story_of(*, subjects: Mapping[str, Iterable[int]], keys: Collection[str] = ()) -> list[Chapter]:
    """Return the journals about these subjects, and those with these keys. Three queries."""
    wanted = Q(key__in=list(keys))
    for kind, ids in subjects.items():
        wanted |= Q(subject_kind=kind, subject_id__in=list(ids))
    journals = Journal.objects.filter(wanted).prefetch_related("posting_set__account")
    return [_chapter(journal) for journal in journals.order_by("pk")]


def _chapter(journal: Journal) -> Chapter:
    postings = sorted(journal.posting_set.all(), key=lambda posting: posting.pk)
    parts = tuple(
        Part(account_text(each.account), Money(each.amount, each.currency)) for each in postings
    )
    moved = sum(part.amount.amount for part in parts if part.amount.amount > 0)
    return Chapter(
        journal.occurred_at,
        "book",
        journal_text(journal.kind),
        journal.pk,
        amount=Money(moved, parts[0].amount.currency) if parts else None,
        detail=journal.memo,
        parts=parts,
        row=("journal", journal.pk),
        balanced=sums_to_zero(parts),
    )


def journal_text(kind: str) -> str:
    """Return what a journal did, in words."""
    known = {
        "payment.captured": _("Booked: the payment came in"),
        "order.paid": _("Booked: the shop is owed the sale"),
        "commission.earned": _("Booked: the sharer's part is set aside"),
        "commission.payable": _("Booked: the sharer's part is payable"),
        "commission.reversed": _("Booked: the sharer's part of the refund is taken back"),
        "order.refunded": _("Booked: the shop gives the refund"),
        "refund.succeeded": _("Booked: the refund left"),
        "payout.requested": _("Booked: the whole payout is on its way"),
        "payout.failed": _("Booked: the payout came back"),
        "payout.paid": _("Booked: the payout left"),
        "payout.returned": _("Booked: the payout was sent back"),
        "debt.paid": _("Booked: a debt was paid"),
        "debt.let_go": _("Booked: a debt was let go"),
        "wallet.credit": _("Booked: credit was given"),
        "campaign.perk": _("Booked: who opened the group has their part of it"),
        "campaign.perk_back": _("Booked: the part of who opened the group is taken back"),
        "campaign.completed": _("Booked: the shop bears what buyers of a small group were spared"),
        "packet.funded": _("Booked: credit was put into a red packet"),
        "packet.share": _("Booked: a share of a red packet"),
        "packet.remainder": _("Booked: what was left of a red packet came back"),
    }
    return known.get(kind, kind)


def account_text(account: Account) -> str:
    """Return what a ledger account is, in words."""
    known = {
        "gateway": _("At the provider"),
        "clearing": _("Clearing"),
        "shop_payable": _("Owed to the shop"),
        "shop_costs": _("Borne by the shop"),
        "shop_spared": _("Spared to buyers"),
        "escrow": _("Held between members"),
        "earner_held": _("Owed to the sharer, held"),
        "earner_payable": _("Owed to the sharer, payable"),
        "payouts_in_transit": _("Payouts on their way"),
        "wallet": _("The member's credit"),
        "credit_issued": _("Credit given"),
        "adjustments": _("Corrections"),
        "packet": _("In a red packet"),
    }
    name = known.get(account.kind, account.kind)
    return f"{name} ({account.label})" if account.label else name
