"""Why a commission is what it is: path, rule, arithmetic, journals, history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from banyan.kernel.actors import Actor
from banyan.kernel.models import StateChange
from banyan.kernel.money import Money
from banyan.ledger import queries as ledger
from banyan.ledger.models import Journal
from banyan.people.models import Account

from ..access import get_commission_for
from ..models import Commission, PayoutItem
from ..problems import REASONS
from ..rules import Margin
from ..states import COMMISSION


@dataclass(frozen=True, slots=True)
class Step:
    """A sharer on the path, oldest first; ``level`` is 0 for those who are not paid."""

    link_id: int
    owner_id: int
    handle: str
    at: str
    level: int


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that decided a commission.

    ``base`` x ``rate_bps`` = ``budget``, of which ``level`` gets ``amount``; ``left`` is what
    refunds left of it. A margin has no rate: ``margin`` says how it came about, and ``budget`` is
    the margin before tax and the platform's fee. ``reason`` is shown to people, empty when there
    is nothing to explain.
    """

    commission: Commission
    path: list[Step]
    rule: dict[str, Any]
    base: Money
    rate_bps: int
    budget: Money
    direct_bps: int
    amount: Money
    reversed: Money
    left: Money
    reason: str
    refunds: list[dict[str, Any]]
    journals: list[Journal]
    history: list[StateChange]
    payout_item: PayoutItem | None
    margin: Margin | None = None


def why(*, actor: Actor, commission_id: int) -> Why:
    """Explain a commission to its payee, its shop or platform staff; NotFound for others.

    At most eight queries, however long the path. Journals come with postings and accounts.
    """
    commission = get_commission_for(actor, commission_id)
    told = commission.explanation
    figures = told["arithmetic"]

    margin = Margin(**figures) if commission.kind == "margin" else None
    if margin is not None:
        figures = {"rate_bps": 0, "budget": margin.gross, "direct_bps": 10_000}

    def money(amount: int) -> Money:
        return Money(amount, commission.currency)

    return Why(
        commission=commission,
        path=_path(commission),
        rule=told["rule"],
        base=money(commission.base_amount),
        rate_bps=figures["rate_bps"],
        budget=money(figures["budget"]),
        direct_bps=figures["direct_bps"],
        amount=money(commission.amount),
        reversed=money(commission.reversed_amount),
        left=money(commission.amount - commission.reversed_amount),
        reason=str(REASONS.get(commission.reason, "")),
        refunds=told["refunds"],
        journals=list(ledger.journals_of(subject_kind="commission", subject_ids=[commission.pk])),
        history=list(
            StateChange.objects.filter(machine=COMMISSION.name, subject_id=commission.pk).order_by(
                "pk"
            )
        ),
        payout_item=commission.payout_item,
        margin=margin,
    )


def _path(commission: Commission) -> list[Step]:
    """Return the frozen path with today's handles, and who of it is paid for this line."""
    paid = dict(
        Commission.objects.filter(line_id=commission.line_id)
        .exclude(state="rejected")
        .values_list("link_id", "level")
    )
    steps = commission.explanation["path"]
    handles = dict(
        Account.objects.filter(pk__in=[int(step["owner"]) for step in steps]).values_list(
            "pk", "handle"
        )
    )
    return [
        Step(
            link_id=int(step["link"]),
            owner_id=int(step["owner"]),
            handle=handles.get(int(step["owner"]), step.get("handle", "")),
            at=step.get("at", ""),
            level=paid.get(int(step["link"]), 0),
        )
        for step in steps
    ]
