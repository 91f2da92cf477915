"""What sharers earned from one order, and how it reached them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from banyan.kernel.models import StateChange
from banyan.kernel.money import Money
from banyan.kernel.stories import Chapter, moves_of, who_moved
from banyan.payments import providers
from banyan.payments.models import Payout
from banyan.payments.states import PAYOUT

from .models import Commission
from .problems import REASONS
from .states import COMMISSION


@dataclass(frozen=True, slots=True)
class EarningStory:
    """The chapters, and what else is about these commissions: journals and audit entries."""

    chapters: list[Chapter]
    commission_ids: list[int]
    batch_ids: list[int]
    journal_keys: list[str]


def story_of(order_id: int) -> EarningStory:
    """Return quotes, moves, reversals and payouts of an order's commissions. Three queries."""
    commissions = list(
        Commission.objects.filter(order_id=order_id)
        .select_related("payee", "payout_item__batch")
        .order_by("pk")
    )
    by_id = {each.pk: each for each in commissions}
    items = {each.payout_item_id: each.payout_item for each in commissions if each.payout_item}
    payouts = Payout.objects.in_bulk([item.payout_id for item in items.values() if item.payout_id])
    moves = moves_of({COMMISSION.name: by_id, PAYOUT.name: payouts})
    told = [_quoted(each) for each in commissions]
    told += [
        _moved(by_id[move.subject_id], move) for move in moves if move.machine == COMMISSION.name
    ]
    for commission in commissions:
        payout = (
            payouts.get(commission.payout_item.payout_id or 0) if commission.payout_item else None
        )
        if payout is not None:
            told += _payout(commission, payout, moves)
    return EarningStory(
        chapters=told,
        commission_ids=list(by_id),
        batch_ids=sorted({item.batch_id for item in items.values()}),
        journal_keys=[
            *(f"payout_item:{item.pk}:requested" for item in items.values()),
            *(f"payout:{pk}:paid" for pk in payouts),
        ],
    )


def _quoted(commission: Commission) -> Chapter:
    figures = commission.explanation["arithmetic"]
    rate = figures["rate_bps"] / 100
    return Chapter(
        commission.created_at,
        "earning",
        _("Commission quoted to @%(handle)s, level %(level)d")
        % {"handle": commission.payee.handle, "level": commission.level},
        commission.pk,
        who=f"@{commission.payee.handle}",
        amount=Money(commission.amount, commission.currency),
        detail=_("%(rate)g %% of what was paid for the goods") % {"rate": rate},
        row=("commission", commission.pk),
    )


def _moved(commission: Commission, move: StateChange) -> Chapter:
    known = {
        "pending": _("Commission pending: the order is paid"),
        "held": _("Commission held until the return window closes"),
        "held_fraud": _("Commission held for suspicion"),
        "payable": _("Commission payable"),
        "paid": _("Commission paid out"),
        "reversed": _("Commission taken back"),
        "expired": _("Commission void: the order was never paid"),
        "rejected": _("Commission not earned"),
    }
    reason = str(REASONS.get(move.reason, move.reason))
    left = Money(commission.amount - commission.reversed_amount, commission.currency)
    return Chapter(
        move.at,
        "earning",
        known.get(move.target, move.target),
        move.pk,
        who=f"@{commission.payee.handle}",
        amount=left if move.target in {"payable", "paid"} else None,
        detail=reason if move.actor_kind != "staff" else f"{reason} ({who_moved(move)})",
        row=("commission", commission.pk),
        tone={"paid": "good", "reversed": "bad", "rejected": "bad", "held_fraud": "bad"}.get(
            move.target, ""
        ),
    )


def _payout(commission: Commission, payout: Payout, moves: list[StateChange]) -> list[Chapter]:
    item = commission.payout_item
    assert item is not None
    part = Money(commission.amount - commission.reversed_amount, commission.currency)
    known = {
        "submitted": _("Waits to be sent by hand")
        if providers.is_by_hand(payout.provider)
        else _("The provider has taken the payout"),
        "paid": _("The payout has arrived"),
        "failed": _("The payout came back"),
    }
    told = [
        Chapter(
            payout.created_at,
            "earning",
            _("Sent to @%(handle)s in a payout") % {"handle": commission.payee.handle},
            payout.pk,
            amount=part,
            detail=_("this order's part of it"),
            ref=payout.provider_ref,
            row=("payout_batch", item.batch_id),
        )
    ]
    told += [
        Chapter(
            move.at,
            "earning",
            known.get(move.target, move.target),
            move.pk,
            who=f"@{commission.payee.handle}",
            detail=move.reason,
            ref=payout.provider_ref,
            row=("payout_batch", item.batch_id),
            tone={"paid": "good", "failed": "bad"}.get(move.target, ""),
        )
        for move in moves
        if move.machine == PAYOUT.name and move.subject_id == payout.pk
    ]
    return told


def order_of(commission_id: int) -> int | None:
    """Return the order a commission was earned from. One query."""
    found = Commission.objects.filter(pk=commission_id)
    return found.values_list("order_id", flat=True).first()
